// The chat page: the composer, acts in place (stop, approve, deny) and the stream.
import { applyTurn, follow, turnElement } from "./stream.js";
import { offerChoices } from "./choices.js";
import { reading } from "./reading.js";
import { send } from "./send.js";
import { localise } from "./times.js";

const composer = document.getElementById("composer");
const message = composer.querySelector("textarea");
const problem = composer.querySelector(".problem");
const transcript = document.getElementById("transcript");
const scroller = document.querySelector(".scroll");

const place = transcript && reading(scroller, transcript, document.getElementById("to-end"));

// On a touch screen the keyboard comes with the field, which nobody has asked for before they touch it.
const writes = message && !matchMedia("(pointer: coarse)").matches;

/** Goes on where one writes, or else where one reads. */
function rest() {
  (writes ? message : scroller).focus({ preventScroll: true });
}

if (writes) message.focus({ preventScroll: true });

function say(text) {
  problem.textContent = text;
  problem.hidden = !text;
}

async function post(action, fields) {
  try {
    const body = await send(action, fields);
    connection.back();
    return body;
  } catch (error) {
    if (!error.isOffline) connection.back();
    // Where nothing is followed, nothing tries again.
    else if (transcript) connection.lost();
    throw error;
  }
}

// Shown for as long as there is no connection; one that is back at once is not spoken of.
const connection = (() => {
  const PATIENCE_MS = 1_000;
  const bar = document.getElementById("connection");
  let timer = 0;
  const show = (text) => {
    clearTimeout(timer);
    timer = 0;
    bar.textContent = text;
    bar.hidden = !text;
  };
  return {
    lost(why) {
      if (why) show(why);
      else if (bar.hidden && !timer) timer = setTimeout(() => show("No connection. Trying again…"), PATIENCE_MS);
    },
    back: () => show(""),
    ended: (reason) => show(reason),
  };
})();

const NOT_SENT = "Not sent: there is no connection. Your message is kept here.";
const SEND_AGAIN = "The connection is back. Your message was not sent yet: send it again.";

function randomKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// A chat that takes no messages has no field for one.
message?.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    composer.requestSubmit();
  }
});

for (const suggestion of document.querySelectorAll("[data-suggestion]")) {
  suggestion.addEventListener("click", () => {
    message.value = suggestion.textContent.trim();
    composer.requestSubmit();
  });
}

// The turns before those shown, put above them without moving what is being read.
document.getElementById("earlier")?.addEventListener("click", async (event) => {
  const link = event.target.closest("a");
  if (!link) return;
  event.preventDefault();
  try {
    const answer = await fetch(link.href);
    if (!answer.ok) throw new Error();
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const height = scroller.scrollHeight;
    const turns = page.getElementById("transcript");
    localise(turns);
    transcript.prepend(...turns.children);
    link.parentElement.replaceChildren(...page.getElementById("earlier").children);
    scroller.scrollTop += scroller.scrollHeight - height;
  } catch {
    location.assign(link.href);
  }
});

// The first message of a new chat leads to the chat.
if (!transcript) {
  composer.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!message.value.trim() || composer.dataset.sending) return;
    composer.dataset.sending = "yes";
    say("");
    try {
      const begun = await post(composer.action, [...new FormData(composer)]);
      location.assign(begun.location);
    } catch (error) {
      say(error.isOffline ? NOT_SENT : error.message);
      message.focus();
      delete composer.dataset.sending;
    }
  });
  addEventListener("pageshow", () => { delete composer.dataset.sending; });
}

// A page from the middle of a chat follows nothing; what is sent from it leads to the chat's end.
if (transcript?.dataset.events) {
  const live = document.getElementById("live");
  const stop = document.getElementById("stop");
  const stopForm = document.getElementById("stop-form");
  // A message sent again after a lost answer is known by its key; another text is another message.
  let sent = {};

  const running = () =>
    transcript.querySelector(':scope > [data-state="running"], :scope > [data-state="waiting"]');
  const refreshStop = () => {
    const turn = running();
    stop.hidden = !turn;
    if (turn) stopForm.action = `${stopForm.dataset.acts}/turns/${turn.dataset.turn}/cancel`;
  };

  composer.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = message?.value.trim();
    if (!text || composer.dataset.sending) return;
    composer.dataset.sending = "yes";
    say("");
    if (sent.message !== text) sent = { message: text, key: randomKey() };
    try {
      const turn = await post(composer.action, sent);
      // What was written meanwhile is another message.
      if (message.value.trim() === text) message.value = "";
      else if (message.value.startsWith(text)) message.value = message.value.slice(text.length).trimStart();
      sent = {};
      // The stream may have told of it already, and further on than this answer.
      if (!turnElement(transcript, turn.turn)) applyTurn(transcript, turn);
      place.begin(turnElement(transcript, turn.turn));
      refreshStop();
    } catch (error) {
      say(error.isOffline ? NOT_SENT : error.message);
    } finally {
      delete composer.dataset.sending;
      rest();
    }
  });

  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-act]");
    if (!form) return;
    event.preventDefault();
    const buttons = [...form.elements].filter((control) => control.type === "submit");
    const fields = [...new FormData(form, event.submitter)];
    buttons.forEach((button) => { button.disabled = true; });
    say("");
    try {
      await post(form.action, fields);
      const turn = form.closest(".turn");
      // A message taken out of the queue has no reply to wait for.
      if (turn?.dataset.state === "queued") turn.remove();
      // What was pressed is gone now, or soon.
      rest();
    } catch (error) {
      say(error.message);
      buttons.forEach((button) => { button.disabled = false; });
    }
  });

  follow(transcript, transcript.dataset.events, {
    onTurn(data, element) {
      refreshStop();
      if (!element) return;
      offerChoices(transcript, Boolean(message));
      if (data.state === "completed") {
        live.textContent = element.querySelector(".step:last-child .prose")?.textContent ?? "Done.";
      } else if (data.state === "running" && !element.dataset.announced) {
        element.dataset.announced = "yes";
        live.textContent = "Replying";
      } else if (data.state === "cancelled") {
        live.textContent = "Stopped";
      } else if (data.state === "failed") {
        live.textContent = element.querySelector(":scope > .foot span.bad")?.textContent ?? "The reply failed.";
      }
    },
    onCall(data, card) {
      if (!data.waiting) return;
      live.textContent = `Your approval is needed: ${data.label}`;
      card?.scrollIntoView({ block: "nearest" });
    },
    onChange: () => place.changed(),
    onState(state, reason) {
      if (state === "open") {
        connection.back();
        if (problem.textContent === NOT_SENT) say(message?.value.trim() ? SEND_AGAIN : "");
      } else if (state === "waiting") {
        connection.lost(reason);
      } else {
        connection.ended(reason);
        // Of a tryout that is over, its page leads back to what was tried.
        if (transcript.dataset.over) location.replace(transcript.dataset.over);
      }
    },
  });
  // A choice that an answer offers is made by a click as well as in words.
  transcript.addEventListener("click", (event) => {
    const choice = event.target.closest("[data-choice]");
    if (!choice || !message || composer.dataset.sending) return;
    const draft = message.value;
    message.value = choice.dataset.choice;
    composer.requestSubmit();
    message.value = draft;
  });

  refreshStop();
  offerChoices(transcript, Boolean(message));
  place.begin(transcript.lastElementChild);
}
