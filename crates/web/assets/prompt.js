// The editor of prompts: what the model is sent and what differs, as it is written.
const PAUSE_MS = 600;
const DEADLINE_MS = 20_000;

const form = document.getElementById("editor");
const inputs = ["body", "member", "record"].map((id) => document.getElementById(id));
let waiting = 0;
let asked = 0;

/** The page as it is for what is written: of it the part that shows it is taken. */
async function look() {
  const mine = ++asked;
  const answer = await fetch(form.dataset.preview, {
    method: "POST",
    headers: { accept: "text/html" },
    body: new URLSearchParams(new FormData(form)),
    signal: AbortSignal.timeout(DEADLINE_MS),
  });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const seen = page.getElementById("seen");
  // Something else was written meanwhile.
  if (mine !== asked || !seen) return;
  const open = document.querySelector("#seen details")?.open;
  document.getElementById("seen").replaceWith(seen);
  if (open) seen.querySelector("details")?.setAttribute("open", "");
  const body = document.getElementById("body");
  if (seen.querySelector("#problem")) {
    body.setAttribute("aria-invalid", "true");
    body.setAttribute("aria-describedby", "problem");
  } else {
    body.removeAttribute("aria-invalid");
    body.removeAttribute("aria-describedby");
  }
}

for (const input of inputs) {
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => look().catch(() => {}), PAUSE_MS);
  });
}

// Leaving with something unsaved asks first.
const body = document.getElementById("body");
const asRead = body.value;
let isSent = false;
form.addEventListener("submit", () => { isSent = true; });
addEventListener("beforeunload", (event) => {
  if (!isSent && body.value !== asRead) event.preventDefault();
});
