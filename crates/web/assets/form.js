// Record forms: a relation is chosen by searching for its record.
const WAIT_MS = 120;

function install(combo) {
  const hidden = combo.querySelector("input[type=hidden]");
  const input = combo.querySelector("input[role=combobox]");
  const list = combo.querySelector("[role=listbox]");
  let timer = 0;
  let asking = null;
  let chosen = -1;
  let settled = input.value;

  function close() {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
  }

  function mark(index) {
    const all = [...list.children];
    if (!all.length) return;
    chosen = (index + all.length) % all.length;
    all.forEach((item, at) => item.setAttribute("aria-selected", String(at === chosen)));
    input.setAttribute("aria-activedescendant", all[chosen].id);
    all[chosen].scrollIntoView({ block: "nearest" });
  }

  function take(item) {
    if (!item) return;
    hidden.value = item.dataset.value;
    input.value = settled = item.dataset.label;
    close();
  }

  async function ask() {
    asking?.abort();
    asking = new AbortController();
    try {
      const query = new URLSearchParams({ q: input.value, objects: combo.dataset.objects });
      const answer = await fetch(`/records/choices?${query}`, { signal: asking.signal });
      if (!answer.ok) return;
      const { items } = await answer.json();
      list.replaceChildren(
        ...items.map((entry, index) => {
          const item = document.createElement("li");
          item.id = `${input.id}-${index}`;
          item.role = "option";
          item.dataset.value = combo.dataset.target ? `${entry.object}:${entry.id}` : entry.id;
          item.dataset.label = entry.label;
          item.append(entry.label);
          if (combo.dataset.target) {
            const kind = document.createElement("small");
            kind.textContent = entry.kind;
            item.append(kind);
          }
          return item;
        }),
      );
      chosen = -1;
      list.hidden = !items.length;
      input.setAttribute("aria-expanded", String(items.length > 0));
      if (items.length) mark(0);
    } catch (error) {
      if (error.name !== "AbortError") close();
    }
  }

  input.addEventListener("input", () => {
    // What was found for another text must not be taken by accident.
    asking?.abort();
    close();
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT_MS);
  });
  input.addEventListener("focus", () => { if (!input.value) ask(); });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      list.hidden ? ask() : mark(chosen + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter" && !list.hidden) {
      event.preventDefault();
      take(list.children[chosen]);
    } else if (event.key === "Enter" && input.value.trim() !== settled) {
      // What is written names no record yet: sending the form would drop it.
      event.preventDefault();
      ask();
    } else if (event.key === "Escape" && !list.hidden) {
      event.stopPropagation();
      close();
    }
  });
  // An emptied box empties the field; anything else that was not chosen falls back to what was.
  input.addEventListener("blur", () => {
    // An answer that comes later must not open a list that nobody waits for.
    clearTimeout(timer);
    asking?.abort();
    if (!input.value.trim()) hidden.value = settled = "";
    else input.value = settled;
    close();
  });
  list.addEventListener("mousedown", (event) => {
    event.preventDefault();
    take(event.target.closest("li"));
  });
}

for (const combo of document.querySelectorAll(".combo")) install(combo);
document.querySelector("[aria-invalid=true]")?.focus();
