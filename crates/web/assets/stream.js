// Applies the session's event stream to the transcript. Every event replaces what it names, so an event
// that comes twice changes nothing.

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

function applyBlocks(transcript, { turn, step, count, blocks }) {
  const element = turnElement(transcript, turn);
  if (!element) return;
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

function applyCall(transcript, { turn, step, index, html }) {
  const element = turnElement(transcript, turn);
  if (!element) return null;
  const calls = stepElement(element, step).querySelector(".calls");
  const card = parse(html);
  for (const old of calls.children) {
    const at = Number(old.dataset.index);
    if (at === index) {
      // A card the reader has opened stays open.
      card.open = old.open || card.open;
      old.replaceWith(card);
      return card;
    }
    if (at > index) return calls.insertBefore(card, old);
  }
  return calls.appendChild(card);
}

/** Follows a session's stream; the browser reconnects by itself from the last event it saw. */
export function follow(transcript, url, { onTurn, onChange, onCall, onState }) {
  const source = new EventSource(url);
  const on = (name, apply) =>
    source.addEventListener(name, (event) => {
      const data = JSON.parse(event.data);
      apply(data);
      onChange();
    });
  on("turn", (data) => onTurn(data, applyTurn(transcript, data)));
  on("blocks", (data) => applyBlocks(transcript, data));
  on("call", (data) => onCall(data, applyCall(transcript, data)));
  source.addEventListener("open", () => onState("open"));
  source.addEventListener("error", () => onState(source.readyState === EventSource.CLOSED ? "closed" : "waiting"));
  addEventListener("pagehide", () => source.close());
  return source;
}
