// Record forms: nothing that was written is lost or sent half-read.
import { checkDate, isDate, pardon } from "./fields.js";
import { picker } from "./picker.js";
import { localiseMoments, momentSent } from "./times.js";

const form = document.querySelector("form.form");
const pickers = [...form.querySelectorAll(".combo")].map(picker);
const dates = [...form.querySelectorAll("input")].filter(isDate);

// The fields are checked here and by the server, all at once, instead of one after the other by the browser.
form.noValidate = true;
localiseMoments(form);

for (const input of dates) {
  input.addEventListener("blur", () => checkDate(input));
  input.addEventListener("input", () => pardon(input));
}
// What is offered instead of what was written stands for it until that is changed.
form.addEventListener("input", (event) => {
  const field = event.target.closest(".field");
  if (event.target.type === "radio") return;
  for (const offer of field?.querySelectorAll(".offers input[type=radio]") ?? []) offer.checked = false;
});

// A form is sent once; again only where its answer does not come.
const ANSWER_MS = 10_000;
let isSending = false;
addEventListener("pageshow", () => { isSending = false; });

form.addEventListener("submit", async (event) => {
  if (isSending) {
    event.preventDefault();
    return;
  }
  const whole = dates.filter((input) => !checkDate(input)).length === 0;
  const open = pickers.filter((one) => !one.isSettled());
  isSending = true;
  if (whole && !open.length) {
    setTimeout(() => { isSending = false; }, ANSWER_MS);
    return;
  }
  event.preventDefault();
  const settled = await Promise.all(open.map((one) => one.resolve()));
  isSending = false;
  if (whole && settled.every(Boolean)) {
    form.requestSubmit(event.submitter);
  } else {
    form.querySelector(".wrong[role=alert]")?.parentElement.querySelector("[aria-invalid=true]")?.focus();
  }
});

form.addEventListener("formdata", (event) => {
  for (const input of form.querySelectorAll("input[type=datetime-local]")) {
    event.formData.set(input.name, momentSent(input));
  }
});

// Leaving with something unsaved asks first.
const written = () => JSON.stringify([...new FormData(form)]);
const asRead = "unsaved" in form.dataset ? "" : written();
addEventListener("beforeunload", (event) => {
  if (!isSending && written() !== asRead) event.preventDefault();
});

document.querySelector("[aria-invalid=true]")?.focus();
