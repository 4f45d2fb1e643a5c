// Below an answer: copying it, and saying what one thinks of it.
import { send } from "./send.js";

const transcript = document.getElementById("transcript");
const live = document.getElementById("live");

function say(text) {
  if (live) live.textContent = text;
}

transcript?.addEventListener("click", async (event) => {
  const copy = event.target.closest("[data-copy]");
  if (!copy) return;
  const proses = [...copy.closest(".turn").querySelectorAll(".steps .prose")];
  const text = proses.map((prose) => prose.innerText.trim()).filter(Boolean).join("\n\n");
  try {
    await navigator.clipboard.writeText(text);
    say("Copied");
    copy.title = "Copied";
  } catch {
    say("The answer could not be copied");
  }
});

transcript?.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-feedback]");
  if (!form) return;
  event.preventDefault();
  const chosen = event.submitter;
  const answer = form.closest(".answer");
  const fields = new URLSearchParams([...new FormData(form, chosen)]);
  // What is chosen already is taken back by choosing it again.
  if (chosen.getAttribute("aria-pressed") === "true") fields.set("rating", "none");
  try {
    await send(form.action, fields);
    for (const button of answer.querySelectorAll("[aria-pressed]")) {
      button.setAttribute("aria-pressed", String(button.value === fields.get("rating")));
    }
    form.closest("details")?.removeAttribute("open");
    say(fields.get("rating") === "none" ? "Your rating is taken back" : "Thank you. Your rating is kept");
  } catch {
    say("Your rating could not be kept");
  }
});
