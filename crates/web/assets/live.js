// A list or a record that is shown is shown anew when somebody or something else changed it. Only a page that is
// visible listens: browsers keep few connections to a server open.
import { localise } from "./times.js";

const page = document.querySelector("[data-live]");
/** What of the page is shown anew, where both have it. */
const PARTS = ["h1", ".count", ".stages", ".records", ".empty", ".pager", ".record"];
const GATHER_MS = 400;
const REST_MS = 2000;

let source, timer, refreshedAt = 0;
let opened = false;

function concerns({ object, id }) {
  if (page.dataset.record) {
    return id === page.dataset.record || (page.dataset.related ?? "").split(" ").includes(object);
  }
  return object === page.dataset.live;
}

/** Whether somebody is in the middle of something that would be lost. */
function isBusy() {
  const selection = document.getSelection();
  const isSelecting = selection && !selection.isCollapsed && page.contains(selection.anchorNode);
  return isSelecting || document.querySelector("dialog[open], details.pop[open]") !== null;
}

async function refresh() {
  if (isBusy()) return schedule(REST_MS);
  refreshedAt = Date.now();
  const answer = await fetch(location.href, { headers: { accept: "text/html" } }).catch(() => undefined);
  if (!answer?.ok || answer.redirected || isBusy()) return undefined;
  const shown = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live]");
  if (!shown || isBusy()) return undefined;
  const focused = page.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  for (const part of PARTS) {
    const [before, after] = [page.querySelector(part), shown.querySelector(part)];
    if (before && after && before.outerHTML !== after.outerHTML) {
      const left = before.scrollLeft;
      before.replaceWith(after);
      after.scrollLeft = left;
      localise(after);
    }
  }
  // A list that was empty is a table now, or the other way round.
  const [empty, table] = [shown.querySelector(".empty"), shown.querySelector(".records")];
  if (empty) page.querySelector(".records")?.replaceWith(empty);
  if (table) page.querySelector(".empty")?.replaceWith(table);
  localise(page);
  if (focused && !page.contains(document.activeElement)) {
    [...page.querySelectorAll("a[href]")].find((link) => link.getAttribute("href") === focused)?.focus();
  }
  return undefined;
}

function schedule(wait = GATHER_MS) {
  clearTimeout(timer);
  timer = setTimeout(refresh, Math.max(wait, refreshedAt + REST_MS - Date.now()));
}

function listen() {
  if (document.hidden) {
    source?.close();
    source = undefined;
    return;
  }
  if (source) return;
  source = new EventSource("/live");
  // What happened before it listened is shown by the page itself; after it was away it is not.
  source.addEventListener("missed", () => {
    if (opened) schedule();
    opened = true;
  });
  source.addEventListener("changed", (event) => {
    if (JSON.parse(event.data).some(concerns)) schedule();
  });
}

if (page) {
  document.addEventListener("visibilitychange", listen);
  listen();
}
