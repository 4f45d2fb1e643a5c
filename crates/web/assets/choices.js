// Numbered rows of the newest answer can be chosen by a click: the number is what one would write.

/** Makes the numbers of the newest answer's tables buttons, and those of older answers numbers again. */
export function offerChoices(transcript, canAnswer) {
  const newest = transcript.querySelector(":scope > .turn:last-child[data-state=completed]");
  for (const button of transcript.querySelectorAll("button[data-choice]")) {
    if (!newest?.contains(button)) button.replaceWith(button.dataset.choice);
  }
  if (!newest || !canAnswer) return;
  for (const table of newest.querySelectorAll(".step:last-child > .prose table")) {
    if (table.querySelector("th")?.textContent.trim() !== "#") continue;
    for (const row of table.tBodies[0]?.rows ?? []) offer(row);
  }
}

function offer(row) {
  const [cell, named] = row.cells;
  const number = cell.textContent.trim();
  if (!/^\d+$/.test(number) || cell.querySelector("button")) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button small choice";
  button.dataset.choice = number;
  button.textContent = number;
  // What tells the row from others is read with it.
  const others = [...row.cells].slice(2).map((other) => other.textContent.trim()).filter(Boolean);
  button.setAttribute("aria-label", [`${number}: ${named?.textContent.trim() ?? ""}`, ...others].join(", "));
  cell.replaceChildren(button);
}
