// What is wrong with a field of a form, said at the field.

let named = 0;

const fieldOf = (input) => input.closest(".field, .filter");

/**
 * Says at an input what is wrong with it, and offers what could be meant instead: buttons by their text, each
 * with what it does.
 */
export function complain(input, message, offers = []) {
  pardon(input);
  input.id ||= `input-${++named}`;
  const field = fieldOf(input);
  const wrong = document.createElement("div");
  wrong.className = "wrong";
  wrong.id = `${input.id}-wrong`;
  wrong.role = "alert";
  wrong.append(message);
  for (const [text, act] of offers) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button small";
    button.textContent = text;
    button.addEventListener("click", () => {
      pardon(input);
      act();
      input.focus();
    });
    wrong.append(" ", button);
  }
  field.append(wrong);
  input.setAttribute("aria-invalid", "true");
  input.setAttribute("aria-describedby", wrong.id);
}

/** Takes back what was said about an input, by this script or by the server. */
export function pardon(input) {
  const field = fieldOf(input);
  for (const said of field.querySelectorAll(":scope > .wrong, :scope > .offers")) said.remove();
  for (const other of field.querySelectorAll("[aria-invalid]")) {
    other.removeAttribute("aria-invalid");
    other.removeAttribute("aria-describedby");
  }
}

/** Whether a date or a moment is whole and within its bounds; says so at the field where it is not. */
export function checkDate(input) {
  const { badInput, rangeUnderflow, rangeOverflow } = input.validity;
  if (badInput) complain(input, "This date is not complete.");
  else if (rangeUnderflow || rangeOverflow) complain(input, "Write a year from 1900 to 2999.");
  else return true;
  return false;
}

export const isDate = (input) => input.matches("input[type=date], input[type=datetime-local]");
