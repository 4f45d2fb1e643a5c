// What every page has: the command palette, dialogs and forms that answer in place.
import { installPalette } from "./palette.js";
import { leadBack } from "./place.js";
import { localise, zone } from "./times.js";

installPalette();

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

localise(document);
leadBack();

// Whoever has set no time zone is given the browser's, so that agents and pages mean the same day.
const csrf = document.querySelector("meta[name=csrf]")?.content;
if (csrf && !document.documentElement.dataset.timeZone && zone()) {
  const body = new URLSearchParams({ csrf, time_zone: zone() });
  fetch("/settings/zone", { method: "POST", body }).catch(() => {});
}

// What was just done is said once: a page that is loaded again has nothing new to say.
const address = new URL(location.href);
if (address.searchParams.has("done")) {
  address.searchParams.delete("done");
  history.replaceState(history.state, "", address);
}
