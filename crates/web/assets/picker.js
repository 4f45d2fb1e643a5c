// A field that names another record: chosen from what a search finds, or by writing its whole name.
import { complain, pardon } from "./fields.js";
import { question, whyNot } from "./question.js";

const MARGIN_PX = 8;
const LEAST_PX = 120;
const MOST_PX = 280;
const OFFERED = 3;

/** Makes an element with class `combo` a picker; gives what its form needs to ask before it is sent. */
export function picker(combo) {
  const hidden = combo.querySelector("[data-value]");
  const picked = combo.querySelector("[data-picked]");
  const choice = combo.querySelector("[data-choice]");
  const input = combo.querySelector("input[role=combobox]");
  const list = combo.querySelector("[role=listbox]");
  const status = combo.querySelector("[role=status]");
  const note = combo.parentElement.querySelector("[data-note]");
  const { objects, target, thing, things, creates } = combo.dataset;
  const found = question((text) => `/records/choices?${new URLSearchParams({ q: text, objects })}`);
  let chosen = -1;
  // The text about which something was said at the field; it is not said again before another one is written.
  let refused = null;
  // Whether the arrows chose, rather than the order of what was found.
  let moved = false;
  // The text that the hidden value stands for; another one has to be settled before the form is sent.
  const isCreated = () => choice.value === `create:${input.value.trim()}`;
  let settled = isCreated() || input.value.trim() === picked.value.trim() ? input.value.trim() : null;

  const isOpen = () => !list.hidden;

  /** Said in a place that is always there, so that it is announced. */
  function say(text) {
    status.textContent = text;
  }

  function close() {
    list.hidden = true;
    say("");
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function mark(index) {
    const all = [...list.children];
    if (!all.length) return;
    chosen = (index + all.length) % all.length;
    all.forEach((item, at) => item.setAttribute("aria-selected", String(at === chosen)));
    input.setAttribute("aria-activedescendant", all[chosen].id);
    all[chosen].scrollIntoView({ block: "nearest" });
  }

  /** Makes the field mean a record, or one that is to be made, or none. */
  function settle(value, text, how = "") {
    hidden.value = value;
    picked.value = how ? "" : text;
    choice.value = how;
    note.hidden = !how;
    input.value = text;
    settled = text.trim();
    close();
    pardon(input);
  }

  const valueOf = (entry) => (target ? `${entry.object}:${entry.id}` : entry.id);
  const take = (item) => item && settle(item.dataset.value, item.dataset.label);

  /** Puts the list where it covers neither the field nor the buttons of the form. */
  function place() {
    const box = input.getBoundingClientRect();
    const actions = input.form.querySelector(":scope > .actions")?.getBoundingClientRect();
    const end = actions && actions.top >= box.bottom ? Math.min(actions.top, innerHeight) : innerHeight;
    const below = end - box.bottom - 2 * MARGIN_PX;
    const above = box.top - 2 * MARGIN_PX;
    const needed = Math.min(list.scrollHeight, MOST_PX);
    const upward = below < Math.min(needed, LEAST_PX) && above > below;
    list.classList.toggle("upward", upward);
    list.style.maxHeight = `${Math.max(Math.min(upward ? above : below, MOST_PX), 40)}px`;
  }

  /** What is said of an entry beside its name: its kind, and where another is called the same, what it is. */
  function about(entry, entries) {
    const isShared = entries.some((other) => other !== entry && other.label === entry.label);
    return [target ? entry.kind : "", isShared ? entry.detail : ""].filter(Boolean).join(" · ");
  }

  function show(entries) {
    list.replaceChildren(
      ...entries.map((entry, index) => {
        const item = document.createElement("li");
        item.id = `${input.id}-${index}`;
        item.role = "option";
        item.dataset.value = valueOf(entry);
        item.dataset.label = entry.label;
        const label = document.createElement("span");
        label.textContent = entry.label;
        item.append(label);
        const detail = about(entry, entries);
        if (detail) {
          const small = document.createElement("small");
          small.textContent = detail;
          item.append(small);
        }
        return item;
      }),
    );
    chosen = -1;
    moved = false;
    list.hidden = !entries.length;
    input.setAttribute("aria-expanded", String(isOpen()));
    say(entries.length ? "" : "Nothing found.");
    if (entries.length) {
      mark(0);
      place();
    }
  }

  /** Searches for what is written and opens the list, unless the field was left meanwhile. */
  async function open() {
    try {
      const entries = await found.now(input.value.trim());
      if (entries && document.activeElement === input) show(entries);
    } catch (error) {
      close();
      say(whyNot(error));
    }
  }

  const create = () => settle("", input.value.trim(), `create:${input.value.trim()}`);

  function refuse(text, entries) {
    refused = text;
    const same = entries.filter((entry) => entry.exact);
    const offered = (same.length ? same : entries).slice(0, OFFERED).map((entry) => [
      same.length && entry.detail ? `${entry.label} (${entry.detail})` : entry.label,
      () => settle(valueOf(entry), entry.label),
    ]);
    if (same.length) {
      complain(input, `Several ${things} are called “${text}”. Which one?`, offered);
    } else {
      if (creates) offered.push(["Create it", create]);
      complain(input, `No ${thing} “${text}”.`, offered);
    }
  }

  /**
   * Takes the record whose whole name is written. Where there is none, or several, says so at the field and
   * gives `false`. Without an answer the server decides, which is sent what is written.
   */
  async function resolve() {
    const text = input.value.trim();
    if (text === settled) return true;
    if (!text) {
      settle("", "");
      return true;
    }
    try {
      const entries = await found.now(text);
      if (!entries || input.value.trim() !== text) return false;
      const exact = entries.filter((entry) => entry.exact);
      if (exact.length === 1) settle(valueOf(exact[0]), exact[0].label);
      else refuse(text, entries);
      return exact.length === 1;
    } catch {
      settled = text;
      return true;
    }
  }

  input.addEventListener("input", () => {
    // What was found for another text must not be taken by accident.
    close();
    pardon(input);
    refused = null;
    if (choice.value) {
      choice.value = "";
      note.hidden = true;
      settled = null;
    }
    found.soon(open);
  });
  input.addEventListener("click", () => { if (!isOpen()) open(); });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      moved = isOpen();
      isOpen() ? mark(chosen + (event.key === "ArrowDown" ? 1 : -1)) : open();
    } else if (event.key === "Enter" && !event.isComposing && isOpen()) {
      event.preventDefault();
      take(list.children[chosen]);
    } else if (event.key === "Enter" && input.value.trim() !== settled) {
      // What is written names no record yet.
      event.preventDefault();
      found.drop();
      resolve();
    } else if (event.key === "Tab" && isOpen()) {
      take(list.children[chosen]);
    } else if (event.key === "Escape" && isOpen()) {
      event.stopPropagation();
      close();
    }
  });
  input.addEventListener("blur", () => {
    // An answer that comes later must not open a list that nobody waits for.
    found.drop();
    const seen = isOpen() && (moved || list.children.length === 1) ? list.children[chosen] : null;
    close();
    if (input.value.trim() === settled || input.value.trim() === refused) return;
    if (seen) take(seen);
    else resolve();
  });
  list.addEventListener("mousedown", (event) => {
    event.preventDefault();
    take(event.target.closest("li"));
  });

  // One of those that the page itself offers may have been chosen.
  const isChosen = () => combo.closest(".field").querySelector(".offers input:checked") !== null;
  return { resolve, isSettled: () => input.value.trim() === settled || isChosen() };
}
