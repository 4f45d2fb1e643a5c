// What a page sends without being left: the fields of a form, answered in JSON.
const csrf = document.querySelector("meta[name=csrf]").content;

// Longer than an answer may take, so that a connection that hangs is noticed.
const DEADLINE_MS = 30_000;

/** The answer; or an error that says what went wrong, with `isOffline` where nothing was answered. */
export async function send(action, fields) {
  let answer;
  try {
    answer = await fetch(action, {
      method: "POST",
      headers: { accept: "application/json", "x-csrf-token": csrf },
      body: new URLSearchParams(fields),
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
  } catch {
    throw Object.assign(new Error("There is no connection."), { isOffline: true });
  }
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(body.message || "That did not work. Try again in a moment.");
  return body;
}
