// Sends without reloading the page. Without this script the forms do the same.
(function () {
  "use strict";
  var log = document.getElementById("log");
  var composer = document.getElementById("composer");
  var input = document.getElementById("text");
  var header = document.querySelector("header");
  var visitor = composer.elements.visitor.value;
  var last = lastNumber();
  var queue = [];       // messages not yet taken by the server, in the order of sending
  var sending = false;
  var polling = false;
  var quiet = 0;        // polls in a row without news
  var typing = clone("typing");

  function clone(id) {
    return document.getElementById(id).content.firstElementChild.cloneNode(true);
  }

  function lastNumber() {
    var lines = log.querySelectorAll("[data-number]");
    return lines.length ? Number(lines[lines.length - 1].getAttribute("data-number")) : 0;
  }

  function newId() {
    var bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, function (byte) { return (byte + 256).toString(16).slice(1); }).join("");
  }

  function drop(selector, root) {
    Array.from((root || document).querySelectorAll(selector), function (node) { node.remove(); });
  }

  // The top of what is new, below the header; the browser stops at the end of the page by itself.
  function show(node) {
    window.scrollTo(0, node.getBoundingClientRect().top + window.pageYOffset - header.offsetHeight - 8);
  }

  function draft(text) {
    try {
      if (text === undefined) return sessionStorage.getItem("draft") || "";
      if (text) sessionStorage.setItem("draft", text); else sessionStorage.removeItem("draft");
    } catch (error) { /* storage may be switched off: then there is no draft */ }
    return "";
  }

  function wait(on) {
    if (on) log.appendChild(typing); else typing.remove();
  }

  function say(text, payload) {
    var message = { id: newId(), text: payload ? "" : text, payload: payload || "", node: clone("pending") };
    message.node.querySelector(".text").textContent = text;
    message.node.querySelector("button").addEventListener("click", function () { again(message); input.focus(); });
    drop(".chips", log);
    drop(".notice");
    log.appendChild(message.node);
    queue.push(message);
    pump();
    show(message.node);
  }

  function again(message) {
    if (!message.failed) return;
    message.failed = false;
    message.node.setAttribute("aria-hidden", "true");
    message.node.querySelector(".failure").hidden = true;
    pump();
  }

  function fail(message, reason) {
    message.failed = true;
    message.node.removeAttribute("aria-hidden");
    message.node.querySelector(".failure span").textContent = reason;
    message.node.querySelector(".failure").hidden = false;
    show(message.node);
  }

  function offline() {
    return log.getAttribute(navigator.onLine === false ? "data-offline" : "data-failed");
  }

  async function pump() {
    var message = queue.find(function (one) { return !one.failed && !one.taken; });
    if (sending || !message) return;
    sending = true;
    wait(true);
    try {
      await deliver(message);
    } catch (error) {
      wait(false);
      fail(message, offline());
    }
    sending = false;
    pump();
    poll();
  }

  async function deliver(message) {
    var form = new URLSearchParams();
    form.set("id", message.id);
    form.set("text", message.text);
    form.set("payload", message.payload);
    form.set("visitor", visitor);
    form.set("after", last);
    var response = await fetch("/chat", {
      method: "POST", body: form, credentials: "same-origin", headers: { Accept: "application/json" }
    });
    var data = await response.json();
    if (!response.ok) {
      wait(false);
      return fail(message, data.notice || offline());
    }
    message.taken = true;
    if (data.notice) return location.replace("/?erased=" + message.id.slice(0, 8) + "#tin");  // nothing is left to show
    if (data.answered) wait(false);
    if (data.after !== last) return;
    if (data.answered && !data.lines.some(isPersons)) settle(message);
    add(data);
  }

  function isPersons(line) {
    return line.side === "person";
  }

  // Answered without coming back as a line: staff will reply.
  function settle(message) {
    message.settled = true;
    message.node.classList.remove("pending");
  }

  function isOpen(message) {
    return !message.failed && !message.settled;
  }

  // The server's line takes the place of the bubble shown while sending; its words may be masked.
  function replace(line) {
    var same = queue.find(function (one) { return one.node.querySelector(".text").textContent === line.text; });
    var one = same || queue.find(isOpen);
    if (!one) return;
    queue.splice(queue.indexOf(one), 1);
    one.node.remove();
  }

  // News that do not begin where the page ends came twice (a poll and a post): the next poll brings the rest.
  function add(data) {
    if (data.after !== last || !data.lines.length) return false;
    var end = document.createElement("div");
    drop(".chips", log);
    drop(".notice");
    Array.from(log.querySelectorAll("[data-number]"), function (node) {
      if (Number(node.getAttribute("data-number")) < data.first) node.remove();  // erased meanwhile
    });
    data.lines.filter(isPersons).forEach(replace);
    if (!isPersons(data.lines[data.lines.length - 1])) wait(false);
    log.insertBefore(end, log.querySelector(".pending, .typing"));
    end.insertAdjacentHTML("beforebegin", data.html);
    end.remove();
    if (queue.some(isOpen)) drop(".chips", log);
    last = data.lines[data.lines.length - 1].number;
    var top = data.lines.find(function (line) { return !isPersons(line); }) || data.lines[0];
    show(log.querySelector("." + top.side + "[data-number='" + top.number + "']"));
    return true;
  }

  function pause(seconds) {
    return new Promise(function (done) { setTimeout(done, seconds * 1000); });
  }

  // Late answers and answers of staff; slower and slower when nothing comes, not at all in the background.
  async function poll() {
    if (polling || sending || !last && !queue.length || document.hidden) return;
    polling = true;
    var rest = 1;
    try {
      var response = await fetch("/chat/lines?after=" + last, { credentials: "same-origin" });
      var data = await response.json();
      if (response.ok) quiet = add(data) ? 0 : quiet + 1;
      rest = response.ok ? (quiet < 15 ? 0.5 : 30) : Number(response.headers.get("Retry-After")) || 10;
    } catch (error) {
      rest = 10;
    }
    await pause(rest);
    polling = false;
    poll();
  }

  composer.addEventListener("submit", function (event) {
    event.preventDefault();
    var text = input.value.trim();
    input.value = "";
    draft("");
    input.focus();
    if (text) say(text);
  });

  log.addEventListener("click", function (event) {
    var chip = event.target.closest(".chips button");
    if (!chip) return;
    event.preventDefault();
    say(chip.textContent, chip.value);
    // On a phone the keyboard would hide the answer; with a keyboard or a mouse the next word can be typed.
    if (event.detail === 0 || matchMedia("(hover: hover)").matches) input.focus(); else log.focus();
  });

  input.addEventListener("input", function () { draft(input.value); });
  window.addEventListener("online", function () { queue.forEach(again); poll(); });
  document.addEventListener("visibilitychange", function () { quiet = 0; poll(); });

  if (!input.value) input.value = draft();
  if (matchMedia("(hover: hover)").matches) input.focus();
  var newest = document.getElementById("cuoi");
  if (newest) show(newest);
  poll();
})();
