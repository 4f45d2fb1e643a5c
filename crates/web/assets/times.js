// Instants and days in the reader's time zone: the one they or their workspace have set, else the browser's. The
// server writes the value of moments in forms in UTC and is answered in UTC, so that nothing is shifted twice.
const DAY_MS = 86_400_000;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const browsers = () => Intl.DateTimeFormat().resolvedOptions().timeZone;
/** The reader's time zone; undefined where not even the browser knows it. */
export const zone = () => document.documentElement.dataset.timeZone || browsers();
const shown = new Intl.DateTimeFormat("en-GB", {
  timeZone: zone(), calendar: "gregory", numberingSystem: "latn", hourCycle: "h23",
  year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric",
});

const two = (number) => String(number).padStart(2, "0");

/** What the reader's clocks show at an instant; months count from 0. */
function wall(at) {
  const parts = {};
  for (const { type, value } of shown.formatToParts(at)) parts[type] = Number(value);
  return { ...parts, month: parts.month - 1 };
}

const clock = ({ hour, minute }) => `${two(hour)}:${two(minute)}`;
/** The days from 1970 to a day of the calendar. */
const dayNumber = ({ year, month, day }) => Math.round(Date.UTC(year, month, day) / DAY_MS);

function calendar({ year, month, day }, thisYear) {
  return year === thisYear ? `${day} ${MONTHS[month]}` : `${day} ${MONTHS[month]} ${year}`;
}

/** A day as far from today as a person would say. */
function dayWords(date, today) {
  const near = { 0: "today", 1: "tomorrow", "-1": "yesterday" }[dayNumber(date) - dayNumber(today)];
  return near ?? calendar(date, today.year);
}

/** An instant as far from now as a person would say. */
function instantWords(at, now) {
  const seconds = Math.trunc((now - at) / 1000);
  const distance = Math.abs(seconds);
  const away = (amount, unit) => (seconds >= 0 ? `${amount} ${unit} ago` : `in ${amount} ${unit}`);
  if (distance < 60) return "just now";
  if (distance < 3600) return away(Math.trunc(distance / 60), "min");
  if (distance < 86_400) return away(Math.trunc(distance / 3600), "h");
  const [day, today] = [wall(at), wall(now)];
  const days = dayNumber(day) - dayNumber(today);
  if (Math.abs(days) === 1) return days < 0 ? "yesterday" : "tomorrow";
  if (Math.abs(days) < 7) return away(Math.abs(days), "days");
  return calendar(day, today.year);
}

/** Rewrites every <time> within an element. */
export function localise(root) {
  const now = new Date();
  // In a time zone and a language of dates that are set, what the server wrote is right as it is.
  const { timeZone, dates } = document.documentElement.dataset;
  if (timeZone && dates) return;
  for (const time of root.querySelectorAll("time[datetime]")) {
    const given = time.getAttribute("datetime");
    if (given.includes("T")) {
      const at = new Date(given);
      if (Number.isNaN(at.valueOf())) continue;
      const day = wall(at);
      const exact = `${day.day} ${MONTHS[day.month]} ${day.year}, ${clock(day)}`;
      time.textContent = "exact" in time.dataset ? exact : instantWords(at, now);
      time.title = at.toLocaleString(undefined, { dateStyle: "full", timeStyle: "long", timeZone: zone() });
    } else {
      const [year, month, day] = given.split("-").map(Number);
      if (day) time.textContent = dayWords({ year, month: month - 1, day }, wall(now));
    }
  }
}

/** A UTC value of a moment's input as the reader's clocks show it. */
function localValue(utc) {
  const at = new Date(`${utc}Z`);
  if (Number.isNaN(at.valueOf())) return utc;
  const { year, month, day, ...time } = wall(at);
  return `${String(year).padStart(4, "0")}-${two(month + 1)}-${two(day)}T${clock(time)}`;
}

/** The instant at which the reader's clocks show a moment's input. */
function instantOf(local) {
  const meant = Date.parse(`${local}Z`);
  if (Number.isNaN(meant)) return undefined;
  const ahead = (at) => {
    const { year, month, day, hour, minute, second } = wall(at);
    return Date.UTC(year, month, day, hour, minute, second) - at;
  };
  // By the offset of the moment itself; of an hour that clocks skip, by that of a day before.
  const first = meant - ahead(new Date(meant - DAY_MS));
  const second = meant - ahead(new Date(first));
  return new Date(second + ahead(new Date(second)) === meant ? second : first);
}

/** Shows the moments of a form in the reader's time, once for each input. */
export function localiseMoments(form) {
  for (const input of form.querySelectorAll("input[type=datetime-local]:not([data-utc])")) {
    const utc = input.getAttribute("value") ?? "";
    input.dataset.utc = utc;
    // What the browser brought back of an earlier visit is local already.
    if (utc && input.value === utc) input.value = localValue(utc);
    input.dataset.local = utc ? localValue(utc) : "";
    const hint = input.closest(".field")?.querySelector("[data-zone]");
    if (hint) hint.textContent = `In your time zone, ${zone() || "this device"}.`;
  }
}

/** What a moment's input means, as it is sent. */
export function momentSent(input) {
  if (!input.value) return "";
  // What was not touched is sent as it came: of an hour that a clock shows twice, the one that was meant.
  if (input.value === input.dataset.local) return `${input.dataset.utc}Z`;
  const at = instantOf(input.value);
  return at ? `${at.toISOString().slice(0, 16)}Z` : input.value;
}
