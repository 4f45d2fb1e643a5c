// A board: cards are moved by pointer and by keyboard, and lanes grow as one scrolls. Without this the form above the
// board moves what is selected.
import { send } from "./send.js";
import { localise } from "./times.js";

const board = () => document.querySelector(".lanes");
const said = document.getElementById("move-said");
const wrong = document.getElementById("move-wrong");
const tiles = (lane) => [...lane.querySelectorAll(".tile")];
const lanes = () => [...board().querySelectorAll(".lane")];
const nameOf = (tile) => tile.querySelector("a").textContent;

/** What goes with a card: all that is selected, where it is one of them. */
function together(tile) {
  const chosen = [...board().querySelectorAll(".tile:has(:checked)")];
  return chosen.includes(tile) ? chosen : [tile];
}

function recount(lane, by) {
  const count = lane.querySelector(".count");
  count.textContent = Number(count.textContent) + by;
}

/** Puts cards before another one, or at the end of a lane, at once; and takes them back where they may not go. */
async function move(cards, lane, next) {
  const before = cards.map((card) => ({ card, lane: card.closest(".lane"), next: card.nextElementSibling }));
  const list = lane.querySelector(".tiles");
  for (const card of cards) list.insertBefore(card, next);
  for (const { lane: from } of before) {
    recount(from, -1);
    recount(lane, 1);
  }
  const fields = new URLSearchParams({ to: lane.dataset.to });
  for (const card of cards) fields.append("record", card.dataset.id);
  const previous = cards[0].previousElementSibling;
  const following = cards.at(-1).nextElementSibling;
  if (following) fields.set("before", following.dataset.id);
  else if (previous) fields.set("after", previous.dataset.id);
  wrong.hidden = true;
  try {
    await send(board().dataset.move, fields);
    const place = tiles(lane).indexOf(cards[0]) + 1;
    said.textContent = `${nameOf(cards[0])} is in ${lane.dataset.label}, number ${place}.`;
  } catch (error) {
    for (const { card, lane: from, next: then } of before.reverse()) {
      from.querySelector(".tiles").insertBefore(card, then?.parentElement === from.querySelector(".tiles") ? then : null);
      recount(lane, -1);
      recount(from, 1);
    }
    wrong.textContent = error.message;
    wrong.hidden = false;
  }
}

// By pointer.
let dragged = [];

function unmark() {
  for (const marked of document.querySelectorAll(".tile.before, .lane.into")) {
    marked.classList.remove("before", "into");
  }
}

/** The card of a lane above which the pointer is; none below the last. */
const nextAt = (lane, y) =>
  tiles(lane).find((tile) => {
    const { top, height } = tile.getBoundingClientRect();
    return !dragged.includes(tile) && y < top + height / 2;
  }) ?? null;

document.addEventListener("dragstart", (event) => {
  const tile = event.target.closest?.(".tile[draggable]");
  if (!tile) return;
  dragged = together(tile);
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", nameOf(tile));
  for (const one of dragged) one.classList.add("dragging");
});
document.addEventListener("dragover", (event) => {
  const lane = dragged.length && event.target.closest?.(".lane");
  if (!lane) return;
  event.preventDefault();
  unmark();
  const next = nextAt(lane, event.clientY);
  if (next) next.classList.add("before");
  else lane.classList.add("into");
});
document.addEventListener("drop", (event) => {
  const lane = dragged.length && event.target.closest?.(".lane");
  if (!lane) return;
  event.preventDefault();
  move(dragged, lane, nextAt(lane, event.clientY));
});
document.addEventListener("dragend", () => {
  for (const one of dragged) one.classList.remove("dragging");
  dragged = [];
  unmark();
});

// By keyboard.
function aside(tile, step) {
  const all = lanes();
  const lane = all[all.indexOf(tile.closest(".lane")) + step];
  if (!lane) return [];
  const place = tiles(tile.closest(".lane")).indexOf(tile);
  return [lane, tiles(lane)[Math.min(place, tiles(lane).length - 1)]];
}

function go(tile, key) {
  const near = {
    ArrowUp: tile.previousElementSibling,
    ArrowDown: tile.nextElementSibling,
    ArrowLeft: aside(tile, -1)[1],
    ArrowRight: aside(tile, 1)[1],
  }[key];
  near?.querySelector("a").focus();
}

async function carry(tile, key) {
  const cards = together(tile);
  const lane = tile.closest(".lane");
  if (key === "ArrowUp" && cards[0].previousElementSibling) {
    await move(cards, lane, cards[0].previousElementSibling);
  } else if (key === "ArrowDown" && cards.at(-1).nextElementSibling) {
    await move(cards, lane, cards.at(-1).nextElementSibling.nextElementSibling);
  } else {
    const [to, beside] = aside(tile, { ArrowLeft: -1, ArrowRight: 1 }[key] ?? 0);
    if (!to || to === lane) return;
    await move(cards, to, beside ?? null);
  }
}

document.addEventListener("keydown", (event) => {
  const tile = event.target.closest?.(".tile");
  if (!tile || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key.toLowerCase() === "x" && board().dataset.move) {
    tile.querySelector("[type=checkbox]").click();
  } else if (event.key.startsWith("Arrow")) {
    if (event.shiftKey && board().dataset.move) {
      carry(tile, event.key);
      tile.querySelector("a").focus();
    } else {
      go(tile, event.key);
    }
  } else {
    return;
  }
  event.preventDefault();
});

// Lanes grow as one comes to their end.
async function grow(link) {
  link.removeAttribute("class");
  const answer = await fetch(link.href, { headers: { accept: "text/html" } }).catch(() => undefined);
  if (!answer?.ok) return link.classList.add("button", "quiet", "small");
  const shown = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(".lane");
  const list = link.closest(".lane").querySelector(".tiles");
  const known = new Set(tiles(list).map((tile) => tile.dataset.id));
  localise(shown);
  list.append(...tiles(shown).filter((tile) => !known.has(tile.dataset.id)));
  const more = shown.querySelector(".more");
  if (more) link.replaceWith(more);
  else link.remove();
  return watch();
}

const seen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    grow(target);
  }
}, { rootMargin: "200px" });

function watch() {
  for (const link of document.querySelectorAll(".lane > .more")) seen.observe(link);
}

watch();
// What was selected stays so where the board is shown anew.
const selected = new Set();
document.addEventListener("change", ({ target }) => {
  if (target.name !== "record") return;
  if (target.checked) selected.add(target.value);
  else selected.delete(target.value);
});
document.addEventListener("shown-anew", () => {
  for (const box of document.querySelectorAll(".tile [name=record]")) box.checked = selected.has(box.value);
  watch();
});
