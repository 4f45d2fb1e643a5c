// What every page has: the command palette, dialogs and forms that answer in place.
import { installPalette } from "./palette.js";

installPalette();

// Where the navigation is a row that scrolls, the current place is brought into it.
const current = document.querySelector(".rail nav [aria-current]");
current?.scrollIntoView({ block: "nearest", inline: "center" });

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens)?.showModal();
  const closer = event.target.closest("[data-closes]");
  if (closer) closer.closest("dialog")?.close();
  for (const pop of document.querySelectorAll("details.pop[open]")) {
    if (!pop.contains(event.target)) pop.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const pop of document.querySelectorAll("details.pop[open]")) {
    pop.open = false;
    pop.querySelector("summary")?.focus();
  }
});

// Instants are sent in UTC; their full form is shown in the reader's own time zone.
for (const time of document.querySelectorAll("time[datetime*=T]")) {
  const instant = new Date(time.dateTime);
  if (!Number.isNaN(instant.valueOf())) time.title = instant.toLocaleString();
}
