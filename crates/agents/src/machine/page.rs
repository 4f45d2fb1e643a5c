//! Long results, shown to the model a page at a time.

use std::{fmt, str::FromStr, sync::Arc};

use kontor_core::ids::TurnId;
use kontor_models::{surface::READ_MORE, tokens::estimate};
use kontor_operations::USUAL_ROOM;
use serde_json::{Map, Value};

use super::Call;
use crate::limits::Limits;

/// The tokens of the shortest page.
const SHORTEST: usize = 128;

/// The bytes of the shortest result that an operation is asked for.
const SHORTEST_RESULT: usize = 2 * 1024;

/// How much of a result is shown at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) bytes: usize,
    /// Estimated; without one where the model's window is not known.
    pub(crate) tokens: Option<usize>,
}

impl Page {
    pub(crate) fn usual(limits: &Limits) -> Self {
        Self { bytes: limits.result_bytes, tokens: None }
    }

    /// The same where no more than `room` tokens are left for a conversation, of which a page may take the half. In
    /// steps, so that a prompt that grows by a word does not change every page of a conversation.
    pub(crate) fn within(self, room: usize) -> Self {
        Self { tokens: Some((room / 2 / SHORTEST * SHORTEST).max(SHORTEST)), ..self }
    }

    /// Whether a text is no more than this.
    pub(crate) fn holds(self, text: &str) -> bool {
        // No text has more tokens than bytes.
        let fits = |tokens| text.len() <= tokens || estimate(text) <= tokens;
        text.len() <= self.bytes && self.tokens.is_none_or(fits)
    }

    /// Bytes that an operation's result may have, of which ids take a token for two: less tells of no record.
    pub(crate) fn room(self) -> usize {
        self.tokens.map_or(USUAL_ROOM, |tokens| (2 * tokens).clamp(SHORTEST_RESULT, USUAL_ROOM))
    }
}

/// A place in a result of a tool, as the model is given it to read on: `<turn>.<step>.<call>.<byte>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Handle {
    pub(crate) turn: TurnId,
    pub(crate) step: u32,
    pub(crate) index: u32,
    pub(crate) from: usize,
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { turn, step, index, from } = self;
        write!(f, "{turn}.{step}.{index}.{from}")
    }
}

impl FromStr for Handle {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let parts: Vec<&str> = text.trim().split('.').collect();
        let [turn, step, index, from] = parts[..] else { return Err(()) };
        let number = |part: &str| part.parse::<u32>().map_err(drop);
        Ok(Self {
            turn: turn.parse().map_err(drop)?,
            step: number(step)?,
            index: number(index)?,
            from: from.parse().map_err(drop)?,
        })
    }
}

impl Handle {
    /// The page of a result that begins here, under `name`, and where to read on where it is not the last; `None`
    /// where the result ends before.
    pub(crate) fn page(self, result: &str, name: &str, page: Page) -> Option<Value> {
        let rest = result.get(self.from..).filter(|rest| !rest.is_empty())?;
        Some(self.piece(rest, name, None, page))
    }

    /// As much of a text that begins here as a page holds, and where to read on: where it ends, `after`.
    fn piece(self, text: &str, name: &str, after: Option<&Value>, page: Page) -> Value {
        let mut length = text.floor_char_boundary(page.bytes);
        loop {
            let mut told = Map::new();
            told.insert(name.to_owned(), text[..length].into());
            let next = || Value::from(Self { from: self.from + length, ..self }.to_string());
            let next = if length < text.len() { Some(next()) } else { after.cloned() };
            told.extend(next.map(|next| (READ_MORE.to_owned(), next)));
            let told = Value::from(told);
            // A character at least, so that reading on comes to an end.
            let shorter = text.floor_char_boundary(length / 4 * 3);
            if page.holds(&told.to_string()) || shorter == 0 {
                return told;
            }
            length = shorter;
        }
    }
}

/// A result as the model is shown it: all of it, or a page with a handle to read on.
pub(crate) fn shown(result: Arc<str>, turn: TurnId, step: u32, call: &Call, page: Page) -> Arc<str> {
    if page.holds(&result) {
        return result;
    }
    let told = match again(&result, call) {
        // A page that was made for another window.
        Some((handle, text, after)) => handle.piece(&text, "text", after.as_ref(), page),
        None => Handle { turn, step, index: call.index, from: 0 }.piece(&result, "beginning", None, page),
    };
    told.to_string().into()
}

/// A result of reading on: where its text begins in the result that it is of, the text, and where that goes on.
fn again(result: &str, call: &Call) -> Option<(Handle, String, Option<Value>)> {
    if call.operation != READ_MORE {
        return None;
    }
    let handle = call.arguments["handle"].as_str()?.parse().ok()?;
    let Ok(Value::Object(mut told)) = serde_json::from_str(result) else { return None };
    let Some(Value::String(text)) = told.remove("text") else { return None };
    Some((handle, text, told.remove(READ_MORE)))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const HANDLE: Handle = Handle { turn: TurnId(Uuid::from_u128(7)), step: 2, index: 1, from: 0 };

    #[test]
    fn a_handle_survives_its_text_form() {
        let handle = Handle { from: 12_345, ..HANDLE };
        assert_eq!(handle.to_string().parse(), Ok(handle));
        for wrong in ["", "7.2.1.0", "x", "00000000-0000-0000-0000-000000000007.2.1"] {
            assert_eq!(wrong.parse::<Handle>(), Err(()), "{wrong}");
        }
    }

    #[test]
    fn pages_joined_are_the_result_and_none_is_larger_than_a_page() {
        let result = "{\"text\": \"„quoted\\n\" and more — äöü 数\"} ".repeat(300);
        for page in [
            Page { bytes: 1_000, tokens: None },
            Page { bytes: 32_768, tokens: Some(300) },
            Page { bytes: 100_000, tokens: None },
        ] {
            let (mut joined, mut next) = (String::new(), Some(HANDLE));
            while let Some(handle) = next {
                let told = handle.page(&result, "text", page).unwrap();
                assert!(page.holds(&told.to_string()), "{told}");
                joined.push_str(told["text"].as_str().unwrap());
                next = told.get("read_more").map(|handle| handle.as_str().unwrap().parse().unwrap());
            }
            assert_eq!(joined, result);
        }
        assert_eq!(
            Handle { from: result.len(), ..HANDLE }.page(&result, "text", Page { bytes: 9, tokens: None }),
            None
        );
    }
}
