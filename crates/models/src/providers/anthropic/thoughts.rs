//! Thoughts and other blocks that mean something to the provider alone: kept with the answer in the order in which
//! they came, and sent back unchanged.
//!
//! With them stands where the answer's text and calls were, which are kept elsewhere:
//! `[{"type":"thinking",…},{"text":12},{"call":0}]`.
//! Source: <https://platform.claude.com/docs/en/build-with-claude/thinking#thinking-with-tool-use>.

use std::ops::Range;

use serde_json::{Value, json};

use crate::chat::{Carried, Opaque};

/// Bytes of blocks that are kept to go back.
const MOST: usize = 512 * 1_024;

/// What stands at one place of an answer.
#[derive(Debug, PartialEq)]
pub(super) enum Place {
    /// These bytes of the answer's text.
    Text(Range<usize>),
    /// The call of this number.
    Call(usize),
    Opaque(Value),
}

/// Who made an answer: thoughts are signed for a model.
pub(super) fn maker(provider: &str, model: &str) -> String {
    format!("messages {provider}/{model}")
}

/// The order of an answer as it came.
#[derive(Debug, Default)]
pub(super) struct Order {
    places: Vec<Value>,
    size: usize,
    has_opaque: bool,
    /// More came than is kept, so that nothing goes back.
    is_over: bool,
}

impl Order {
    pub(super) fn text(&mut self, bytes: usize) {
        self.places.push(json!({"text": bytes}));
    }

    pub(super) fn call(&mut self, number: u32) {
        self.places.push(json!({"call": number}));
    }

    pub(super) fn opaque(&mut self, block: Value) {
        self.size += block.to_string().len();
        self.is_over |= self.size > MOST;
        self.has_opaque = true;
        self.places.push(block);
    }

    /// What goes back with the answer; nothing where all of it is text and calls.
    pub(super) fn take(&mut self, maker: &str) -> Option<Carried> {
        let order = std::mem::take(self);
        let goes_back = order.has_opaque && !order.is_over;
        goes_back.then(|| Carried { by: maker.into(), value: Opaque::from(&Value::Array(order.places)) })
    }
}

/// The places of an answer for `maker`. What it did not make is left out, and text and calls that the order does not
/// know stand at the end.
pub(super) fn places(carried: Option<&Carried>, maker: &str, text: &str, calls: usize) -> Vec<Place> {
    let value = carried.filter(|carried| &*carried.by == maker).map(|carried| carried.value.value());
    let Some(Value::Array(order)) = value else {
        let text = std::iter::once(Place::Text(0..text.len()));
        return text.chain((0..calls).map(Place::Call)).collect();
    };
    let mut places = Vec::with_capacity(order.len());
    let (mut said, mut called) = (0, 0);
    for block in order {
        let number = |name: &str| block.get(name)?.as_u64().and_then(|number| usize::try_from(number).ok());
        if block.get("type").is_some() {
            places.push(Place::Opaque(block));
        } else if let Some(bytes) = number("text") {
            let end = text.floor_char_boundary((said + bytes).min(text.len()));
            places.push(Place::Text(said..end));
            said = end;
        } else if let Some(call) = number("call").filter(|call| *call < calls) {
            places.push(Place::Call(call));
            called = called.max(call + 1);
        }
    }
    places.push(Place::Text(said..text.len()));
    places.extend((called..calls).map(Place::Call));
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carried() -> Carried {
        let mut order = Order::default();
        order.opaque(json!({"type": "thinking", "thinking": "Hm", "signature": "s"}));
        order.text(3);
        order.call(0);
        order.opaque(json!({"type": "redacted_thinking", "data": "x"}));
        order.call(1);
        order.take("m").unwrap()
    }

    #[test]
    fn an_answer_stands_in_the_order_in_which_it_came() {
        let places = places(Some(&carried()), "m", "abc", 2);
        let [Place::Opaque(_), Place::Text(text), Place::Call(0), Place::Opaque(_), Place::Call(1), rest] =
            &places[..]
        else {
            panic!("{places:?}")
        };
        assert_eq!((text.clone(), rest), (0..3, &Place::Text(3..3)));
    }

    #[test]
    fn what_was_cut_or_came_of_another_model_is_sent_as_far_as_it_goes() {
        let places = |maker, text, calls| super::places(Some(&carried()), maker, text, calls);
        assert_eq!(places("other", "ab", 1), [Place::Text(0..2), Place::Call(0)]);
        let cut = places("m", "a", 1);
        assert!(cut.contains(&Place::Text(0..1)) && !cut.contains(&Place::Call(1)), "{cut:?}");
        assert_eq!(places("m", "abcd", 3).last(), Some(&Place::Call(2)));
    }

    #[test]
    fn an_answer_of_text_and_calls_carries_nothing() {
        let mut order = Order::default();
        order.text(3);
        order.call(0);
        assert_eq!(order.take("m"), None);
    }
}
