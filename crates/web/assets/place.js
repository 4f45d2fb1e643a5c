// Where a reader was: in a list that scrolls by itself, which browsers forget, and in which list.
const REST_MS = 200;
const keyOf = (path) => `list:${path}`;

/** Brings a list back to where it was scrolled to, and remembers it as it is for the way back from a record. */
export function keepPlace(list) {
  try {
    sessionStorage.setItem(keyOf(location.pathname), location.href);
  } catch {
    // Without storage the way back leads to the list as it is remembered.
  }
  if (!list) return;
  list.scrollTop = history.state?.listTop ?? 0;
  let timer = 0;
  // It does not bubble, and a list that is shown anew is another element.
  document.addEventListener("scroll", (event) => {
    if (!event.target.matches?.(".records")) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      history.replaceState({ ...history.state, listTop: event.target.scrollTop }, "");
    }, REST_MS);
  }, { capture: true, passive: true });
}

/** Lets links to a list lead to it as it was left in this tab. */
export function leadBack() {
  for (const link of document.querySelectorAll("a[data-back]")) {
    try {
      link.href = sessionStorage.getItem(keyOf(new URL(link.href).pathname)) ?? link.href;
    } catch {
      return;
    }
  }
}
