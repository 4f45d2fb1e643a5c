// What the page of models does in place: tests of providers, and the order of the fallbacks.
import { pardon } from "./fields.js";

const DEADLINE_MS = 45_000;
const NO_ANSWER = "There was no answer. Reload the page and test it again.";

/** What a test says: the answer is this page again, of which the provider's own line is taken. */
async function told(form, id) {
  const answer = await fetch(form.action, {
    method: "POST",
    headers: { accept: "text/html" },
    body: new URLSearchParams(new FormData(form)),
    signal: AbortSignal.timeout(DEADLINE_MS),
  });
  const shown = new DOMParser().parseFromString(await answer.text(), "text/html");
  return shown.getElementById(id)?.childNodes ?? [NO_ANSWER];
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-test]");
  if (!form) return;
  event.preventDefault();
  if (form.dataset.asking) return;
  form.dataset.asking = "yes";
  const place = form.closest("li").querySelector("[role=status]");
  place.replaceChildren("Asking the provider…");
  try {
    place.replaceChildren(...(await told(form, place.id)));
  } catch {
    place.replaceChildren(NO_ANSWER);
  } finally {
    delete form.dataset.asking;
  }
});

const order = document.querySelector(".order");
for (const button of order.querySelectorAll("[data-up]")) button.hidden = false;
order.addEventListener("click", (event) => {
  const row = event.target.closest("[data-up]")?.closest("li");
  if (!row) return;
  const above = row.previousElementSibling;
  const [upper, lower] = [above, row].map((one) => one.querySelector("input"));
  [upper.value, lower.value] = [lower.value, upper.value];
  pardon(upper);
  pardon(lower);
  // What was moved may be moved on.
  (above.querySelector("[data-up]") ?? upper).focus();
});
