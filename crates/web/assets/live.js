// A list or a record that is shown is shown anew when somebody or something else changed it. Only a page that is
// visible listens: browsers keep few connections to a server open.
import { localise } from "./times.js";

const page = document.querySelector("[data-live]");
/** What of the page is shown anew, where both have it. */
const PARTS = [".page-head", ".stages", ".records", ".lanes", ".calendar", ".empty", ".pager", "#details", ".happened", ".beside"];
const GATHER_MS = 400;
const REST_MS = 2000;
const RETRY_MS = 5000;

let source;
let timer;
let refreshedAt = 0;

function concerns({ object, id }) {
  if (!page.dataset.record) return object === page.dataset.live;
  // Who may not read every record of an object is not told which one it was.
  const isThis = object === page.dataset.live && (id === null || id === page.dataset.record);
  return isThis || page.dataset.related.split(" ").includes(object);
}

/** Whether somebody is in the middle of something that would be lost. */
function isBusy() {
  const selection = document.getSelection();
  const isSelecting = selection && !selection.isCollapsed && page.contains(selection.anchorNode);
  return isSelecting || document.querySelector("dialog[open], details.pop[open], .dragging") !== null;
}

/** Puts a part of the page in the place of what it was, with its place in a wide table and its focus. */
function replace(before, after) {
  const { scrollLeft, scrollTop } = before;
  const active = document.activeElement;
  const href = before.contains(active) ? active.getAttribute("href") : null;
  const wasFocused = before === active;
  before.replaceWith(after);
  after.scrollLeft = scrollLeft;
  after.scrollTop = scrollTop;
  const again = wasFocused
    ? after
    : href && [...after.querySelectorAll("a[href]")].find((link) => link.getAttribute("href") === href);
  if (again) again.focus({ preventScroll: true });
}

async function refresh() {
  timer = undefined;
  if (isBusy()) return schedule(REST_MS);
  refreshedAt = Date.now();
  const answer = await fetch(location.href, { headers: { accept: "text/html" } }).catch(() => undefined);
  // What is gone, or not to be read any more, says so itself; so does the door to whoever is signed out.
  if (answer?.status === 404 || answer?.redirected) return location.reload();
  if (!answer?.ok) return undefined;
  const shown = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live]");
  if (!shown) return undefined;
  if (isBusy()) return schedule(REST_MS);
  // As this page has been since it was opened, so that only what differs is replaced.
  localise(shown);
  localise(page);
  for (const part of PARTS) {
    const [before, after] = [page.querySelector(part), shown.querySelector(part)];
    if (before && after && before.outerHTML !== after.outerHTML) replace(before, after);
  }
  // A list that was empty is a table now, or the other way round.
  const [empty, table] = [shown.querySelector(".empty"), shown.querySelector(".records")];
  if (empty) page.querySelector(".records")?.replaceWith(empty);
  if (table) page.querySelector(".empty")?.replaceWith(table);
  document.dispatchEvent(new Event("shown-anew"));
  return undefined;
}

function schedule(wait = GATHER_MS) {
  timer ??= setTimeout(refresh, Math.max(wait, refreshedAt + REST_MS - Date.now()));
}

function listen() {
  if (document.hidden) {
    source?.close();
    source = undefined;
    return;
  }
  if (source) return;
  source = new EventSource("/live");
  // The first event of each connection: what happened until then, the page may not show.
  source.addEventListener("missed", () => schedule());
  source.addEventListener("changed", (event) => {
    if (JSON.parse(event.data).some(concerns)) schedule();
  });
  source.addEventListener("error", () => {
    // One that was refused is not tried again by the browser.
    if (source?.readyState !== EventSource.CLOSED) return;
    source = undefined;
    setTimeout(listen, RETRY_MS);
  });
}

if (page) {
  document.addEventListener("visibilitychange", listen);
  listen();
}
