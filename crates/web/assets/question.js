// Asks the server about a text that is being written: after a pause, and never believing an answer to an
// older text.
const PAUSE_MS = 120;
const DEADLINE_MS = 15_000;

/** Why an answer did not come, for a person. */
export function whyNot(error) {
  return error.status === 401 ? "You are signed out. Reload the page." : "No connection. Try again.";
}

/**
 * A question whose address depends on a text. `now` gives the items found, or `null` when another text was
 * asked about meanwhile; it throws when there is no answer.
 */
export function question(address) {
  let timer = 0;
  let asking = null;

  function drop() {
    clearTimeout(timer);
    asking?.abort();
    asking = null;
  }

  async function now(text) {
    drop();
    const mine = new AbortController();
    asking = mine;
    try {
      const signal = AbortSignal.any([mine.signal, AbortSignal.timeout(DEADLINE_MS)]);
      const answer = await fetch(address(text), { signal, headers: { accept: "application/json" } });
      if (!answer.ok) throw Object.assign(new Error("no answer"), { status: answer.status });
      const { items } = await answer.json();
      return mine.signal.aborted ? null : items;
    } catch (error) {
      if (mine.signal.aborted) return null;
      throw error;
    }
  }

  return {
    now,
    drop,
    /** Asks after a pause, in which a further text takes this one's place. */
    soon(act) {
      drop();
      timer = setTimeout(act, PAUSE_MS);
    },
  };
}
