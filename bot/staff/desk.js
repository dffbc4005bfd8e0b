// Shows who works at the desk where they are, that somebody waits, and what an open conversation brings.
// Pages work without it.
(function () {
  "use strict";
  var EVERY = 20000, IN_TALK = 5000;
  var entry = document.querySelector("nav a[href='/staff/people']");
  var news = document.getElementById("news");
  var talk = document.querySelector("[data-talk]");
  var title = document.title;
  var waiting = -1;
  var badge = document.createElement("span");
  var here = document.querySelector("header nav [aria-current]");
  var row = here && here.closest("ul");
  if (row) row.scrollLeft = here.offsetLeft - (row.clientWidth - here.offsetWidth) / 2;
  if (!entry) return;  // signed out, or may not see who waits

  function show(data) {
    badge.className = "badge";
    badge.textContent = data.waiting || "";
    if (data.waiting && !badge.parentNode) entry.appendChild(badge);
    if (!data.waiting) badge.remove();
    if (!data.on_duty) return;
    document.title = (data.waiting ? "(" + data.waiting + ") " : "") + title;
    if (data.waiting > waiting) news.textContent = data.waiting ? data.text : "";  // read out by a screen reader
    waiting = data.waiting;
  }

  function end() {
    talk.scrollTop = talk.scrollHeight;
  }

  async function renew() {
    var answer = await fetch(location.pathname, { credentials: "same-origin", headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    var fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-talk]");
    if (!fresh) return;
    talk.replaceChildren.apply(talk, fresh.childNodes);
    talk.setAttribute("data-lines", fresh.getAttribute("data-lines"));
    end();
  }

  async function ask() {
    var of = talk ? "?talk=" + talk.getAttribute("data-talk") : "";
    try {
      var answer = await fetch("/staff/people/count" + of, {
        credentials: "same-origin", redirect: "manual", headers: { Accept: "application/json" }
      });
      if (answer.type === "opaqueredirect") {
        document.title = document.body.getAttribute("data-over") + " · " + title;
        return;  // the session is over: nothing comes any more
      }
      var data = await answer.json();
      show(data);
      if (talk && data.lines !== Number(talk.getAttribute("data-lines"))) await renew();
    } catch (error) { /* the network is away: the next look tells */ }
    setTimeout(ask, talk ? IN_TALK : EVERY);
  }

  if (talk) end();
  ask();
})();

// Shows how far files are that are being made.
(function () {
  "use strict";
  var EVERY = 3000;

  async function look() {
    var shown = document.querySelector("[data-renewed]");
    if (!shown || shown.getAttribute("data-renewed") !== "yes") return;
    try {
      var answer = await fetch(location.pathname, { credentials: "same-origin", headers: { Accept: "text/html" } });
      if (!answer.ok || answer.redirected) return;
      var fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-renewed]");
      if (fresh && !shown.contains(document.activeElement)) shown.replaceWith(fresh);
    } catch (error) { /* the network is away: the next look tells */ }
    setTimeout(look, EVERY);
  }

  setTimeout(look, EVERY);
})();
