// Where a reader is in a conversation. The newest message is put at the top, so that its answer is read from its
// beginning; the page goes along with what comes only after the reader has gone to the end.
const NEAR_PX = 96;

/** Keeps a reader's place in what is scrolled; the button leads to the end, and is there while that is out of sight. */
export function reading(scroller, transcript, button) {
  let follows = false;
  let queued = false;

  const rest = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
  /** Whether the newest turn does not fit, so that its end is elsewhere than its beginning. */
  const isLong = () => (transcript.lastElementChild?.offsetHeight ?? 0) > scroller.clientHeight;

  function look() {
    queued = false;
    button.hidden = rest() < NEAR_PX;
  }

  /** Looks once in a frame. */
  function soon() {
    if (queued) return;
    queued = true;
    requestAnimationFrame(look);
  }

  function toEnd() {
    scroller.scrollTop = scroller.scrollHeight;
  }

  scroller.addEventListener("scroll", () => {
    follows = rest() < NEAR_PX && isLong();
    soon();
  }, { passive: true });
  // What is opened or has another width moves the end too.
  new ResizeObserver(soon).observe(transcript);
  button.addEventListener("click", () => {
    const wasFocused = document.activeElement === button;
    toEnd();
    follows = true;
    look();
    if (wasFocused) scroller.focus({ preventScroll: true });
  });

  return {
    /** Puts a turn at the top; one that waits for the answer before it, where it is seen. */
    begin(turn) {
      follows = false;
      turn?.scrollIntoView({ block: turn.dataset.state === "queued" ? "nearest" : "start" });
      soon();
    },
    /** Something was added. */
    changed() {
      if (follows) toEnd();
      soon();
    },
  };
}
