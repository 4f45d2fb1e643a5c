// The command palette: Ctrl-K (or Command-K) finds pages, chats and records.
const WAIT_MS = 120;

export function installPalette() {
  const dialog = document.getElementById("palette");
  if (!dialog) return;
  const input = dialog.querySelector("input");
  const list = dialog.querySelector("ul");
  let timer = 0;
  let asking = null;
  let chosen = 0;

  const items = () => [...list.children];

  function choose(index) {
    const all = items();
    if (!all.length) return;
    chosen = (index + all.length) % all.length;
    all.forEach((item, at) => item.setAttribute("aria-selected", String(at === chosen)));
    input.setAttribute("aria-activedescendant", all[chosen].id);
    all[chosen].scrollIntoView({ block: "nearest" });
  }

  function show(found) {
    list.replaceChildren(
      ...found.map((entry, index) => {
        const item = document.createElement("li");
        item.id = `palette-${index}`;
        item.role = "option";
        item.dataset.href = entry.href;
        const label = document.createElement("span");
        label.textContent = entry.label;
        const kind = document.createElement("small");
        kind.textContent = entry.kind;
        item.append(label, kind);
        return item;
      }),
    );
    choose(0);
  }

  async function ask() {
    asking?.abort();
    asking = new AbortController();
    try {
      const answer = await fetch(`/palette?q=${encodeURIComponent(input.value)}`, { signal: asking.signal });
      if (answer.ok) show((await answer.json()).items);
    } catch (error) {
      if (error.name !== "AbortError") show([]);
    }
  }

  function open() {
    if (dialog.open) return;
    input.value = "";
    dialog.showModal();
    input.focus();
    ask();
  }

  function go(item) {
    if (item) location.assign(item.dataset.href);
  }

  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey) {
      event.preventDefault();
      dialog.open ? dialog.close() : open();
    }
  });
  for (const button of document.querySelectorAll("[data-palette]")) button.addEventListener("click", open);
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT_MS);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(chosen + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter") {
      event.preventDefault();
      go(items()[chosen]);
    }
  });
  list.addEventListener("click", (event) => go(event.target.closest("li")));
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
}
