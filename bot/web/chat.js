// Sends without reloading the page. Without this script the forms do the same.
(function () {
  "use strict";
  var log = document.getElementById("log");
  var composer = document.getElementById("composer");
  var input = document.getElementById("text");
  var header = document.querySelector("header");
  var visitor = composer.elements.visitor.value;
  var title = document.title;
  var last = lastNumber();
  var seen = Math.min(last, kept("seen", last));
  var queue = [];       // messages not yet answered, in the order of sending
  var sending = false;
  var stream = null;
  var errors = 0;       // of streams in a row, without a sign of life between them
  var trust = 0;        // when streams may be tried again; until then we poll
  var silence, absence; // timers
  var polling = false;
  var quiet = 0;        // polls in a row without news
  var typing = clone("typing");
  var mark = clone("new");

  function clone(id) {
    return document.getElementById(id).content.firstElementChild.cloneNode(true);
  }

  function lastNumber() {
    var lines = log.querySelectorAll("[data-number]");
    return lines.length ? numberOf(lines[lines.length - 1]) : 0;
  }

  function numberOf(node) {
    return Number(node.getAttribute("data-number"));
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
    var above = header.offsetHeight + 8 + (node.previousElementSibling === mark ? mark.offsetHeight : 0);
    window.scrollTo(0, node.getBoundingClientRect().top + window.pageYOffset - above);
  }

  function draft(text) {
    try {
      if (text === undefined) return sessionStorage.getItem("draft") || "";
      if (text) sessionStorage.setItem("draft", text); else sessionStorage.removeItem("draft");
    } catch (error) { /* storage may be switched off: then there is no draft */ }
    return "";
  }

  function kept(name, otherwise) {
    try {
      var value = localStorage.getItem(name);
      return /^\d{1,15}$/.test(value) ? Number(value) : otherwise;
    } catch (error) { return otherwise; }
  }

  function keep(name, number) {
    try { localStorage.setItem(name, number); } catch (error) { /* as above */ }
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
    mark.remove();
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
    follow();
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
    // What a stream or a poll brought in the meantime is here already; what it did not bring, it will.
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

  // News that do not begin where the page ends came another way before.
  function add(data) {
    if (data.after !== last || !data.lines.length) return false;
    var end = document.createElement("div");
    var top = data.lines.find(function (line) { return !isPersons(line); }) || data.lines[0];
    var follow = data.lines.some(isPersons) || typing.parentNode || isAtEnd();  // else they read something else
    drop(".chips", log);
    drop(".notice");
    Array.from(log.querySelectorAll("[data-number]"), function (node) {
      if (numberOf(node) < data.first) node.remove();  // erased meanwhile
    });
    data.lines.filter(isPersons).forEach(replace);
    if (!isPersons(data.lines[data.lines.length - 1])) wait(queue.some(isOpen));
    log.insertBefore(end, log.querySelector(".pending, .typing"));
    end.insertAdjacentHTML("beforebegin", data.html);
    end.remove();
    if (queue.some(isOpen)) drop(".chips", log);
    last = data.lines[data.lines.length - 1].number;
    if (document.hidden || !follow) place();
    if (follow) show(document.hidden && unseen()[0] || log.querySelector("." + top.side + "[data-number='" + top.number + "']"));
    look();
    return true;
  }

  function isAtEnd() {
    return window.innerHeight + window.pageYOffset > document.documentElement.scrollHeight - 100;
  }

  function unseen() {
    return Array.from(log.querySelectorAll(".assistant[data-number]")).filter(function (node) { return numberOf(node) > seen; });
  }

  // The mark stands above the first line that was not seen; below the screen it sticks to its end.
  function place() {
    var first = unseen()[0];
    if (first && first.previousElementSibling !== mark) log.insertBefore(mark, first);
  }

  // What the person has before their eyes is seen; how much is not stands in the title of the tab.
  function look() {
    if (seen === last) return;
    var lines = unseen();
    var near = !lines.length || lines[0].getBoundingClientRect().top < composer.getBoundingClientRect().top;
    if (near && !document.hidden) keep("seen", seen = last);
    document.title = (seen < last && lines.length ? "(" + lines.length + ") " : "") + title;
  }

  function pause(seconds) {
    return new Promise(function (done) { setTimeout(done, seconds * 1000); });
  }

  // Late answers and answers of staff are pushed; where that does not work, we ask for them.
  function follow() {
    if (sending || !last && !queue.length) return;
    if (window.EventSource && Date.now() >= trust) listen(); else poll();
  }

  function listen() {
    if (stream) return;
    stream = new EventSource("/chat/events?after=" + last);
    stream.addEventListener("beat", function () { errors = 0; alive(); });
    stream.onmessage = function (event) {
      var data = JSON.parse(event.data);
      alive();
      add(data);
      if (data.lines[data.lines.length - 1].number <= last) return;
      hangUp();  // an answer came in between: go on where the page ends
      listen();
    };
    stream.onerror = function () {
      if (stream.readyState === 2 || ++errors > 3) distrust();  // 2: refused; else the browser tries again
    };
    alive();
  }

  function alive() {
    clearTimeout(silence);
    silence = setTimeout(distrust, 40000);  // no sign of life: the network changed, or a proxy gathers all
  }

  function hangUp() {
    clearTimeout(silence);
    if (stream) stream.close();
    stream = null;
  }

  function distrust() {
    hangUp();
    errors = 0;
    trust = Date.now() + 60000;
    poll();
  }

  // Slower and slower when nothing comes, not at all in the background.
  async function poll() {
    if (polling || stream || sending || !last && !queue.length || document.hidden) return;
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
    follow();
  }

  // In the background a stream goes on for a while, so that the title can tell what is new.
  function turn() {
    clearTimeout(absence);
    quiet = 0;
    if (document.hidden) {
      absence = setTimeout(hangUp, 600000);
      if (!unseen().length) mark.remove();
    } else {
      look();
      follow();
    }
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
    if (mark.contains(event.target)) show(mark.nextElementSibling);
    if (!chip) return;
    event.preventDefault();
    say(chip.textContent, chip.value);
    // On a phone the keyboard would hide the answer; with a keyboard or a mouse the next word can be typed.
    if (event.detail === 0 || matchMedia("(hover: hover)").matches) input.focus(); else log.focus();
  });

  input.addEventListener("input", function () { draft(input.value); });
  window.addEventListener("online", function () { trust = 0; queue.forEach(again); follow(); });
  window.addEventListener("pagehide", hangUp);
  window.addEventListener("pageshow", turn);
  window.addEventListener("scroll", look, { passive: true });
  document.addEventListener("visibilitychange", turn);

  Array.from(log.querySelectorAll(".pending"), function (node) { queue.push({ node: node, taken: true }); });
  if (!input.value) input.value = draft();
  if (matchMedia("(hover: hover)").matches) input.focus();
  if (last) keep("seen", seen);
  place();
  var newest = unseen()[0] || document.getElementById("cuoi");
  if (newest) show(newest);
  turn();
})();
