"use strict";

const TYPING_MS = 5000;
const MARKS = new Set(["B", "STRONG", "I", "EM", "U", "INS", "S", "DEL", "STRIKE", "CODE", "PRE", "BLOCKQUOTE"]);
const phones = new Map();

function made(tag, options, ...children) {
  const node = Object.assign(document.createElement(tag), options);
  node.append(...children);
  return node;
}

/** Copy the marks that a telephone shows; everything else becomes plain text. */
function marked(nodes) {
  return [...nodes].map((node) => {
    if (node.nodeType !== Node.ELEMENT_NODE) return node.textContent;
    const inner = marked(node.childNodes);
    if (node.tagName === "A") return made("a", { href: node.href, target: "_blank", rel: "noopener" }, ...inner);
    return MARKS.has(node.tagName) ? made(node.tagName, {}, ...inner) : made("span", {}, ...inner);
  });
}

class Phone {
  constructor(name) {
    const root = document.getElementById("phone").content.cloneNode(true).firstElementChild;
    this.name = name;
    this.root = root;
    this.shown = {};
    this.typed = 0;
    root.id = name;
    this.input = root.querySelector("textarea");
    this.input.ariaLabel = `Write on ${name}`;
    root.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.write();
    });
    this.input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.write();
    });
    document.getElementById("phones").append(root);
  }

  part(name) {
    return this.root.querySelector(`.${name}`);
  }

  async act(name, given) {
    let problem = "";
    try {
      const answer = await fetch(`phones/${this.name}/${encodeURIComponent(name)}`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(given),
      });
      if (!answer.ok) problem = `${name}: ${answer.status}`;
    } catch {
      problem = `${name}: the stand-ins are away`;
    }
    this.part("problem").textContent = problem;
  }

  write() {
    if (this.input.value.trim()) this.actWithText("write");
  }

  actWithText(name) {
    const text = this.input.value.trim();
    this.input.value = "";
    return this.act(name, { text });
  }

  show(state) {
    this.root.querySelector("h1").textContent = state.title;
    const waiting = state.waiting ? ` · ${state.waiting} not taken yet` : "";
    this.part("way").textContent = `${state.way}${waiting}`;
    this.once("tools", [state.tools, state.blocked], () =>
      state.tools.map((name) => {
        const label = name === "block" && state.blocked ? "unblock" : name.replaceAll("_", " ");
        return made("button", { type: "button", textContent: label, onclick: () => this.actWithText(name) });
      }),
    );
    this.once("menu", state.menu ?? [], () =>
      (state.menu ?? []).map((text) =>
        made("button", { type: "button", textContent: text, onclick: () => this.act("write", { text }) }),
      ),
    );
    const changed = this.once("chat", state.lines, () => state.lines.map((line) => this.line(line)));
    if (changed) this.part("chat").scrollTop = this.part("chat").scrollHeight;
    this.type(state.typing ?? 0, changed && state.lines.at(-1)?.by === "bot");
  }

  /** Build a part anew when what it shows has changed; tell whether it has. */
  once(name, shown, build) {
    const text = JSON.stringify(shown);
    if (this.shown[name] === text) return false;
    this.shown[name] = text;
    this.part(name).replaceChildren(...build());
    return true;
  }

  /** Show for five seconds that somebody types, or until something arrives. */
  type(times, answered) {
    const typing = this.part("typing");
    if (answered) {
      typing.hidden = true;
    } else if (times > this.typed) {
      typing.hidden = false;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => (typing.hidden = true), TYPING_MS);
    }
    this.typed = times;
  }

  line(line) {
    const text = line.marked
      ? marked(new DOMParser().parseFromString(line.marked, "text/html").body.childNodes)
      : [line.text];
    const rows = (line.rows ?? []).map((row) =>
      made("div", { className: "row" }, ...row.map((button) => this.button(button))),
    );
    return made("li", { className: `line ${line.by}` }, made("div", { className: "text" }, ...text), ...rows);
  }

  button(button) {
    if (button.url) {
      return made("a", { href: button.url, target: "_blank", rel: "noopener", textContent: button.label });
    }
    const tap = () => this.act("tap", button.given);
    return made("button", { type: "button", textContent: button.label, onclick: tap });
  }
}

new EventSource("phones/state").onmessage = (event) => {
  for (const state of JSON.parse(event.data)) {
    if (!phones.has(state.name)) phones.set(state.name, new Phone(state.name));
    phones.get(state.name).show(state);
  }
};
