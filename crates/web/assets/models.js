// A provider is tested in place. The answer is this page again, from which what it says of the provider is taken.
const DEADLINE_MS = 45_000;
const NO_ANSWER = "There was no answer. Reload the page and test it again.";

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
