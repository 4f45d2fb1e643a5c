// Instants and days in the reader's own time zone. The server writes them in UTC: as text into <time>, and as
// the value of moments in forms, to which the server is also answered in UTC, so that nothing is shifted twice.
const DAY_MS = 86_400_000;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const two = (number) => String(number).padStart(2, "0");
const clock = (at) => `${two(at.getHours())}:${two(at.getMinutes())}`;
/** The days from 1970 to a day of the calendar. */
const dayNumber = (year, month, day) => Math.round(Date.UTC(year, month, day) / DAY_MS);
const dayOf = (at) => dayNumber(at.getFullYear(), at.getMonth(), at.getDate());

function calendar(year, month, day, thisYear) {
  return year === thisYear ? `${day} ${MONTHS[month]}` : `${day} ${MONTHS[month]} ${year}`;
}

/** A day as far from today as a person would say. */
function dayWords(year, month, day, now) {
  const distance = dayNumber(year, month, day) - dayOf(now);
  const near = { 0: "today", 1: "tomorrow", "-1": "yesterday" }[distance];
  return near ?? calendar(year, month, day, now.getFullYear());
}

/** An instant as far from now as a person would say. */
function instantWords(at, now) {
  const seconds = Math.trunc((now - at) / 1000);
  const distance = Math.abs(seconds);
  const away = (amount, unit) => (seconds >= 0 ? `${amount} ${unit} ago` : `in ${amount} ${unit}`);
  if (distance < 60) return "just now";
  if (distance < 3600) return away(Math.trunc(distance / 60), "min");
  if (distance < 86_400) return away(Math.trunc(distance / 3600), "h");
  const days = dayOf(at) - dayOf(now);
  if (Math.abs(days) === 1) return days < 0 ? "yesterday" : "tomorrow";
  if (Math.abs(days) < 7) return away(Math.abs(days), "days");
  return calendar(at.getFullYear(), at.getMonth(), at.getDate(), now.getFullYear());
}

/** Rewrites every <time> within an element. */
export function localise(root) {
  const now = new Date();
  for (const time of root.querySelectorAll("time[datetime]")) {
    const given = time.getAttribute("datetime");
    if (given.includes("T")) {
      const at = new Date(given);
      if (Number.isNaN(at.valueOf())) continue;
      const day = `${at.getDate()} ${MONTHS[at.getMonth()]} ${at.getFullYear()}`;
      time.textContent = "exact" in time.dataset ? `${day}, ${clock(at)}` : instantWords(at, now);
      time.title = at.toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" });
    } else {
      const [year, month, day] = given.split("-").map(Number);
      if (day) time.textContent = dayWords(year, month - 1, day, now);
    }
  }
}

/** A UTC value of a moment's input as the local one. */
function localValue(utc) {
  const at = new Date(`${utc}Z`);
  if (Number.isNaN(at.valueOf())) return utc;
  const year = String(at.getFullYear()).padStart(4, "0");
  return `${year}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${clock(at)}`;
}

const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || "this device";

/** Shows the moments of a form in local time, once for each input. */
export function localiseMoments(form) {
  for (const input of form.querySelectorAll("input[type=datetime-local]:not([data-utc])")) {
    const utc = input.getAttribute("value") ?? "";
    input.dataset.utc = utc;
    // What the browser brought back of an earlier visit is local already.
    if (utc && input.value === utc) input.value = localValue(utc);
    input.dataset.local = utc ? localValue(utc) : "";
    const hint = input.closest(".field")?.querySelector("[data-zone]");
    if (hint) hint.textContent = `In your time zone, ${zone()}.`;
  }
}

/** What a moment's input means, as it is sent. */
export function momentSent(input) {
  if (!input.value) return "";
  // What was not touched is sent as it came: of an hour that a clock shows twice, the one that was meant.
  if (input.value === input.dataset.local) return `${input.dataset.utc}Z`;
  const at = new Date(input.value);
  return Number.isNaN(at.valueOf()) ? input.value : `${at.toISOString().slice(0, 16)}Z`;
}
