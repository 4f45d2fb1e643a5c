// The command palette: Ctrl-K (or Command-K) finds pages, chats and records.
import { question, whyNot } from "./question.js";

export function installPalette() {
  const dialog = document.getElementById("palette");
  if (!dialog) return;
  const input = dialog.querySelector("input");
  const list = dialog.querySelector("ul");
  const status = dialog.querySelector("[role=status]");
  const instead = dialog.querySelector("[data-instead]");
  const found = question((text) => `/palette?q=${encodeURIComponent(text)}`);
  // The text that the list answers, and whether Enter waits for the answer to the one that is written.
  let answered = null;
  let opens = false;
  let chosen = 0;

  const items = () => [...list.children];

  function choose(index) {
    const all = items();
    if (!all.length) return;
    chosen = (index + all.length) % all.length;
    all.forEach((item, at) => item.setAttribute("aria-selected", String(at === chosen)));
    input.setAttribute("aria-activedescendant", all[chosen].id);
    all[chosen].scrollIntoView({ block: "nearest" });
  }

  function show(entries) {
    list.replaceChildren(
      ...entries.map((entry, index) => {
        const item = document.createElement("li");
        item.id = `palette-${index}`;
        item.role = "option";
        item.dataset.href = entry.href;
        const label = document.createElement("span");
        label.textContent = entry.label;
        const kind = document.createElement("small");
        kind.textContent = entry.kind;
        item.append(label, kind);
        return item;
      }),
    );
    input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-expanded", String(entries.length > 0));
    list.hidden = !entries.length;
    choose(0);
  }

  /** Said in a place that is always there, so that it is announced. */
  function say(text) {
    status.textContent = text;
    instead.hidden = true;
  }

  async function ask() {
    const text = input.value;
    let entries;
    try {
      entries = await found.now(text);
    } catch (error) {
      answered = null;
      opens = false;
      show([]);
      say(whyNot(error));
      return;
    }
    if (!entries) return;
    answered = text;
    show(entries);
    say(entries.length ? "" : `Nothing found for “${text.trim()}”.`);
    if (!entries.length) {
      instead.hidden = false;
      instead.href = `/chat?${new URLSearchParams({ message: text.trim() })}`;
    }
    if (opens) go(items()[chosen]);
    opens = false;
  }

  function open() {
    if (dialog.open) return;
    input.value = "";
    answered = null;
    opens = false;
    show([]);
    say("");
    dialog.showModal();
    input.focus();
    ask();
  }

  function go(item) {
    if (item) location.assign(item.dataset.href);
  }

  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey) {
      event.preventDefault();
      dialog.open ? dialog.close() : open();
    }
  });
  for (const button of document.querySelectorAll("[data-palette]")) button.addEventListener("click", open);
  input.addEventListener("input", () => {
    opens = false;
    found.soon(ask);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(chosen + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      if (answered === input.value) {
        go(items()[chosen]);
      } else if (!opens) {
        // What stands in the list was found for another text.
        opens = true;
        ask();
      }
    }
  });
  list.addEventListener("click", (event) => go(event.target.closest("li")));
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener("close", () => {
    opens = false;
    found.drop();
  });
}
