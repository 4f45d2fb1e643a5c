// Applies the session's event stream to the transcript. Every event replaces what it names, so an event
// that comes twice changes nothing.

import { localise } from "./times.js";

function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content.firstElementChild;
}

export function turnElement(transcript, id) {
  return transcript.querySelector(`:scope > [data-turn="${CSS.escape(id)}"]`);
}

function stepElement(turn, number) {
  const steps = turn.querySelector(".steps");
  for (const step of steps.children) {
    const at = Number(step.dataset.step);
    if (at === number) return step;
    if (at > number) return steps.insertBefore(emptyStep(number), step);
  }
  return steps.appendChild(emptyStep(number));
}

function emptyStep(number) {
  const step = document.createElement("div");
  step.className = "step";
  step.dataset.step = number;
  const prose = document.createElement("div");
  prose.className = "prose";
  const calls = document.createElement("div");
  calls.className = "calls";
  step.append(prose, calls);
  return step;
}

export function applyTurn(transcript, { turn, state, html, foot }) {
  let element = turnElement(transcript, turn);
  if (state === "gone") {
    element?.remove();
    return null;
  }
  if (!element) {
    if (!html) return null;
    element = transcript.appendChild(parse(html));
  }
  element.dataset.state = state;
  element.querySelector(":scope > .foot").innerHTML = foot;
  return element;
}

// The model has begun to speak: it is not waited for any more.
function answered(turn) {
  turn.querySelector(":scope > .foot > .awaited")?.remove();
}

function applyBlocks(transcript, { turn, step, count, blocks }) {
  const element = turnElement(transcript, turn);
  if (!element) return;
  if (count) answered(element);
  const prose = stepElement(element, step).querySelector(".prose");
  for (const [index, html] of blocks) {
    while (prose.children.length <= index) {
      const block = document.createElement("div");
      block.className = "block";
      prose.append(block);
    }
    prose.children[index].innerHTML = html;
  }
  while (prose.children.length > count) prose.lastElementChild.remove();
}

/** What a model thinks, from a place on: folded, since it is there for whoever wants it. */
function applyThought(transcript, { turn, step, from, text }) {
  const element = turnElement(transcript, turn);
  if (!element) return;
  if (text) answered(element);
  const place = stepElement(element, step);
  let thought = place.querySelector(":scope > .thought");
  if (!thought) {
    if (!text) return;
    thought = document.getElementById("thought").content.firstElementChild.cloneNode(true);
    place.prepend(thought);
  }
  const inside = thought.querySelector(".inside");
  inside.textContent = inside.textContent.slice(0, from) + text;
  thought.hidden = !inside.textContent;
}

function applyCall(transcript, { turn, step, index, html }) {
  const element = turnElement(transcript, turn);
  if (!element) return null;
  answered(element);
  const calls = stepElement(element, step).querySelector(".calls");
  const card = parse(html);
  for (const old of calls.children) {
    const at = Number(old.dataset.index);
    if (at === index) {
      // A card the reader has opened stays open, and one that they are in keeps them.
      card.open = old.open || card.open;
      const wasIn = old.contains(document.activeElement);
      old.replaceWith(card);
      if (wasIn) card.querySelector("summary").focus({ preventScroll: true });
      return card;
    }
    if (at > index) return calls.insertBefore(card, old);
  }
  return calls.appendChild(card);
}

// What became of earlier messages.
function applyNote(transcript, { turn, html }) {
  const element = turnElement(transcript, turn);
  if (element) element.querySelector(":scope > .note").innerHTML = html;
}

// The agent that the chat is with now: in the page's head, and where it came to it.
function applyAgent(transcript, data) {
  applyNote(transcript, data);
  const after = turnElement(transcript, data.turn)?.querySelector(":scope > .after");
  if (after) after.innerHTML = data.after;
  const name = document.getElementById("chat-agent");
  if (name) name.textContent = data.agent;
  const reason = document.getElementById("chat-routing");
  if (reason) reason.textContent = data.reason;
  const choice = document.getElementById("chat-agent-choice");
  const chosen = [...(choice?.options ?? [])].find((option) => option.dataset.id === data.id);
  if (chosen) chosen.selected = true;
}

function inLocalTime(element) {
  if (element) localise(element);
  return element;
}

// Between attempts to come back where the browser has given up.
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;
const DEADLINE_MS = 15_000;

/**
 * Why a browser was refused a stream, which it does not tell: `ended` where there is none to come back to, `why`
 * where it is only not to be had now; neither where it may be had again.
 */
async function refusal(address) {
  const leaving = new AbortController();
  try {
    const signal = AbortSignal.any([leaving.signal, AbortSignal.timeout(DEADLINE_MS)]);
    const answer = await fetch(address, { signal, headers: { accept: "text/event-stream" } });
    if (answer.ok) return {};
    if (answer.status === 401) return { ended: "You are signed out. Reload the page to sign in again." };
    if (answer.status === 403 || answer.status === 404) return { ended: "This chat is not there any more." };
    const { message } = await answer.json();
    return { why: message };
  } catch {
    // No connection, or no answer that can be read: the next attempt may have one.
    return {};
  } finally {
    leaving.abort();
  }
}

/**
 * Follows a session's stream, and comes back to it from the last event it saw for as long as there is one.
 * `onState` is told `open`, `waiting` while there is no connection, and `ended`, with the reason where one is known.
 */
export function follow(transcript, url, { onTurn, onChange, onCall, onState }) {
  let source = null;
  let last = "";
  let wait = FIRST_WAIT_MS;
  let timer = 0;
  let isLeft = false;

  function on(name, apply) {
    source.addEventListener(name, (event) => {
      last = event.lastEventId || last;
      if (!apply) return;
      apply(JSON.parse(event.data));
      onChange();
    });
  }

  function connect() {
    clearTimeout(timer);
    source?.close();
    const address = new URL(url, location.href);
    if (last) address.searchParams.set("after", last);
    source = new EventSource(address);
    on("turn", (data) => onTurn(data, inLocalTime(applyTurn(transcript, data))));
    on("blocks", (data) => applyBlocks(transcript, data));
    on("thought", (data) => applyThought(transcript, data));
    on("call", (data) => onCall(data, inLocalTime(applyCall(transcript, data))));
    on("note", (data) => applyNote(transcript, data));
    on("agent", (data) => applyAgent(transcript, data));
    on("seen");
    source.addEventListener("open", () => {
      wait = FIRST_WAIT_MS;
      onState("open");
    });
    source.addEventListener("error", () => {
      if (isLeft) return;
      onState("waiting");
      if (source.readyState === EventSource.CLOSED) comeBack();
    });
  }

  /** A server that starts or is full answers with an error, after which a browser does not try again. */
  async function comeBack() {
    const { ended, why } = await refusal(source.url);
    if (isLeft) return;
    if (ended) {
      onState("ended", ended);
      return;
    }
    if (why) onState("waiting", why);
    timer = setTimeout(connect, wait);
    wait = Math.min(2 * wait, LONGEST_WAIT_MS);
  }

  addEventListener("offline", () => onState("waiting"));
  addEventListener("online", connect);
  addEventListener("pagehide", () => {
    isLeft = true;
    clearTimeout(timer);
    source.close();
  });
  // A page that the browser kept goes on where it was.
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    isLeft = false;
    connect();
  });
  connect();
}
