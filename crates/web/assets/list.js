// The filter builder of a list: rows of field, comparison and value.
import { checkDate, isDate, pardon } from "./fields.js";
import { keepPlace } from "./place.js";
import { localiseMoments, momentSent } from "./times.js";

const form = document.getElementById("list-form");
const rows = form.querySelector(".filters");
const fields = JSON.parse(rows.dataset.fields);
const byPath = new Map(fields.map((field) => [field.path, field]));

function option(value, label, selected) {
  return new Option(label, value, selected, selected);
}

function valueControl(field, operator, value) {
  const input = document.createElement(field.options.length ? "select" : "input");
  if (field.options.length) {
    for (const [key, label] of field.options) input.append(option(key, label, key === value));
  } else {
    input.type = field.input;
    input.inputMode = field.mode;
    input.autocomplete = "off";
    input.value = value;
  }
  input.name = "v";
  input.setAttribute("aria-label", "Value");
  // Every row sends three values, so that they stay aligned.
  if (operator === "empty" || operator === "filled") {
    input.hidden = true;
    if (input.type !== "select-one") input.value = "";
  }
  return input;
}

function fill(row, operator, value) {
  for (const said of row.querySelectorAll(":scope > .wrong")) said.remove();
  const field = byPath.get(row.querySelector("[name=f]").value) ?? fields[0];
  const chooser = row.querySelector("[name=o]");
  const wanted = field.operators.some(([key]) => key === operator) ? operator : field.operators[0][0];
  chooser.replaceChildren(...field.operators.map(([key, label]) => option(key, label, key === wanted)));
  row.querySelector("[name=v]").replaceWith(valueControl(field, wanted, value));
}

function addRow() {
  const row = document.getElementById("filter-row").content.firstElementChild.cloneNode(true);
  rows.append(row);
  fill(row, "", "");
  row.querySelector("select").focus();
}

// What is applied already need not be applied again.
const apply = document.getElementById("apply");
apply.hidden = true;

localiseMoments(form);
keepPlace(document.querySelector(".records"));

rows.addEventListener("input", (event) => {
  apply.hidden = false;
  if (event.target.name === "v") pardon(event.target);
});
rows.addEventListener("change", (event) => {
  const row = event.target.closest(".filter");
  if (event.target.name === "f") fill(row, "", "");
  if (event.target.name === "o") fill(row, event.target.value, row.querySelector("[name=v]").value);
});
rows.addEventListener("click", (event) => {
  if (!event.target.closest("[data-remove]")) return;
  const applied = event.target.closest(".filter").dataset.applied;
  event.target.closest(".filter").remove();
  document.getElementById("add-filter").focus();
  if (applied) form.requestSubmit();
});
document.getElementById("add-filter").addEventListener("click", (event) => {
  event.preventDefault();
  addRow();
  apply.hidden = false;
});

form.addEventListener("submit", (event) => {
  const values = [...rows.querySelectorAll("input[name=v]")].filter((input) => isDate(input) && !input.hidden);
  const wrong = values.filter((input) => !checkDate(input));
  if (!wrong.length) return;
  event.preventDefault();
  wrong[0].focus();
});
// Moments are written in local time and sent in UTC.
form.addEventListener("formdata", (event) => {
  const values = [...rows.querySelectorAll("[name=v]")];
  if (!values.length) return;
  event.formData.delete("v");
  for (const control of values) {
    event.formData.append("v", control.type === "datetime-local" ? momentSent(control) : control.value);
  }
});
