// The page of a tryout: what it would have changed is shown anew when a reply has ended.

import { localise } from "./times.js";

const transcript = document.getElementById("transcript");
const BUSY = new Set(["queued", "running"]);

async function renew() {
  const answer = await fetch(location.href, { signal: AbortSignal.timeout(10_000) }).catch(() => null);
  if (!answer?.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("[data-changed]");
  if (!fresh) return;
  localise(fresh);
  for (const shown of document.querySelectorAll("[data-changed]")) shown.replaceChildren(...fresh.cloneNode(true).childNodes);
}

new MutationObserver((changes) => {
  const isOver = (change) => BUSY.has(change.oldValue) && !BUSY.has(change.target.dataset.state);
  if (changes.some(isOver)) renew();
}).observe(transcript, { attributes: true, attributeFilter: ["data-state"], attributeOldValue: true, subtree: true });
