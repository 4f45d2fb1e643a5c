//! What an answer brings that goes back with it: thoughts and their signatures, under the names by which they came.
//!
//! DeepSeek and Moonshot refuse a call that comes back without the `reasoning_content` it came with, in its turn and
//! in all later ones; OpenRouter wants `reasoning_details` back unchanged and in order, and Google the signature in
//! `extra_content`. Servers that have no use for thoughts of earlier turns pass over them.

use serde_json::{Map, Value, json};

use crate::chat::{Carried, Opaque};

/// Bytes of an answer's thoughts and signatures that are kept to go back. Half of them are worth nothing.
const MOST: usize = 512 * 1_024;

/// Mistral's form: thoughts as parts of the content.
const PARTS: &str = "content";

/// Members of an answer whose pieces are one text.
const TEXTS: &[&str] = &["reasoning_content", "reasoning", "reasoning_text", PARTS];

/// What came until now.
#[derive(Default)]
pub(super) struct Collected {
    members: Map<String, Value>,
    size: usize,
    /// A call brought something of its own.
    pub(super) is_with_calls: bool,
}

impl Collected {
    /// Takes a piece of a member that is one text.
    pub(super) fn text(&mut self, name: &str, piece: &str) {
        if !self.has_room_for(piece.len()) {
            return;
        }
        match self.members.get_mut(name) {
            Some(Value::String(text)) => text.push_str(piece),
            _ => {
                self.members.insert(name.to_owned(), piece.into());
            }
        }
    }

    /// Takes a piece of a thought that is a part of the content.
    pub(super) fn part(&mut self, piece: &str) {
        self.text(PARTS, piece);
    }

    /// Takes a member that comes as a whole.
    pub(super) fn whole(&mut self, name: &str, value: &Value) {
        let is_told = match value {
            Value::Null => false,
            Value::String(text) => !text.is_empty(),
            Value::Object(members) => !members.is_empty(),
            _ => true,
        };
        if is_told && self.has_room_for(size(value)) {
            self.members.insert(name.to_owned(), value.clone());
        }
    }

    /// Takes items of a list whose items come in pieces.
    pub(super) fn items(&mut self, name: &str, pieces: &[Value]) {
        for piece in pieces.iter().filter(|piece| piece.is_object()) {
            if !self.has_room_for(size(piece)) {
                return;
            }
            let list = self.members.entry(name).or_insert_with(|| json!([]));
            if let Value::Array(list) = list {
                add(list, piece);
            }
        }
    }

    /// All that came, where anything did. An answer without calls is not asked for a thought that was none.
    pub(super) fn take(&mut self, has_calls: bool) -> Option<Opaque> {
        let mut members = std::mem::take(&mut self.members);
        if self.size > MOST {
            tracing::warn!(bytes = MOST, "what came with an answer is too large to go back with it");
            members.clear();
        }
        if !has_calls {
            members.retain(|_, value| value.as_str() != Some(""));
        }
        // The same thoughts under a second name.
        if members.contains_key("reasoning_content") || members.contains_key("reasoning_details") {
            members.remove("reasoning");
        }
        (self.is_with_calls || !members.is_empty()).then(|| Opaque::from(&Value::Object(members)))
    }

    fn has_room_for(&mut self, bytes: usize) -> bool {
        self.size = self.size.saturating_add(bytes);
        self.size <= MOST
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(members) => members.iter().map(|(name, value)| name.len() + size(value)).sum(),
        _ => 8,
    }
}

/// Adds a piece to the item that it continues: the one of its index, or the last, of its kind and not signed yet.
fn add(list: &mut Vec<Value>, piece: &Value) {
    let is_open = |item: &Value| {
        let is_same = |key: &str| item.get(key) == piece.get(key);
        let agrees = |key: &str| item[key].is_null() || piece[key].is_null() || item[key] == piece[key];
        let is_signed = item["signature"].as_str().is_some_and(|signature| !signature.is_empty());
        is_same("type") && is_same("index") && agrees("id") && agrees("data") && !is_signed
    };
    let known = match piece.get("index") {
        Some(_) => list.iter_mut().rev().find(|item| is_open(item)),
        None => list.last_mut().filter(|item| is_open(item)),
    };
    let (Some(Value::Object(item)), Value::Object(piece)) = (known, piece) else {
        list.push(piece.clone());
        return;
    };
    for (key, value) in piece {
        match (item.get_mut(key), value) {
            (Some(Value::String(text)), Value::String(more))
                if matches!(key.as_str(), "text" | "summary" | "thinking") =>
            {
                text.push_str(more);
            }
            (Some(_), Value::Null) => {}
            (Some(known), value) => *known = value.clone(),
            (None, value) => {
                item.insert(key.clone(), value.clone());
            }
        }
    }
}

/// Names what answers of a model are by.
pub(super) fn maker(provider: &str, model: &str) -> String {
    format!("openai:{provider}/{model}")
}

/// How much of what came with an answer goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Back {
    All,
    /// Another model of the provider made it: thoughts it can read, signatures it would refuse.
    Texts,
    Nothing,
}

impl Back {
    pub(super) fn of(carried: Option<&Carried>, provider: &str, model: &str) -> Self {
        let by = carried.and_then(|carried| carried.by.strip_prefix("openai:"));
        let by = by.and_then(|by| by.strip_prefix(provider)?.strip_prefix('/'));
        match by {
            Some(by) if by == model => Self::All,
            Some(_) => Self::Texts,
            None => Self::Nothing,
        }
    }
}

/// The members that go back with an answer, and the thoughts that are a part of its content.
pub(super) fn members(carried: Option<&Carried>, back: Back) -> (Map<String, Value>, Option<String>) {
    let Some(carried) = carried.filter(|_| back != Back::Nothing) else { return Default::default() };
    let Value::Object(mut members) = carried.value.value() else { return Default::default() };
    // What a conversation says and calls is never of these.
    members.retain(|name, _| !matches!(name.as_str(), "role" | "tool_calls"));
    if back == Back::Texts {
        members.retain(|name, _| TEXTS.contains(&name.as_str()));
    }
    let thoughts = members.remove(PARTS).and_then(|value| value.as_str().map(str::to_owned));
    (members, thoughts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(collected: &mut Collected) -> Value {
        collected.take(true).map(|taken| taken.value()).unwrap_or_default()
    }

    #[test]
    fn pieces_of_one_index_are_one_detail_and_the_order_stays() {
        let mut collected = Collected::default();
        let pieces = [
            json!({"type": "reasoning.text", "text": "Let ", "format": "a", "index": 0, "signature": null}),
            json!({"type": "reasoning.text", "text": "me", "index": 0}),
            json!({"type": "reasoning.encrypted", "data": "x", "id": "c1", "index": 0}),
            json!({"type": "reasoning.encrypted", "data": "y", "id": "c2", "index": 0}),
            json!({"type": "reasoning.text", "signature": "s", "index": 0}),
            json!({"type": "reasoning.text", "text": "more", "index": 0}),
            json!({"type": "reasoning.summary", "summary": "z", "index": 1}),
        ];
        for piece in pieces {
            collected.text("reasoning", piece["text"].as_str().unwrap_or_default());
            collected.items("reasoning_details", &[piece]);
        }
        assert_eq!(
            taken(&mut collected),
            json!({"reasoning_details": [
                {"type": "reasoning.text", "text": "Let me", "format": "a", "index": 0, "signature": "s"},
                {"type": "reasoning.encrypted", "data": "x", "id": "c1", "index": 0},
                {"type": "reasoning.encrypted", "data": "y", "id": "c2", "index": 0},
                {"type": "reasoning.text", "text": "more", "index": 0},
                {"type": "reasoning.summary", "summary": "z", "index": 1},
            ]})
        );
    }

    #[test]
    fn blocks_without_an_index_end_with_their_signature() {
        let mut collected = Collected::default();
        let blocks = [("a", ""), ("b", ""), ("", "s"), ("c", ""), ("", "t")];
        for (thinking, signature) in blocks {
            let block = json!({"type": "thinking", "thinking": thinking, "signature": signature});
            collected.items("thinking_blocks", &[block]);
        }
        assert_eq!(
            taken(&mut collected),
            json!({"thinking_blocks": [
                {"type": "thinking", "thinking": "ab", "signature": "s"},
                {"type": "thinking", "thinking": "c", "signature": "t"},
            ]})
        );
    }

    #[test]
    fn a_thought_that_is_empty_goes_back_beside_a_call_alone() {
        let mut collected = Collected::default();
        collected.text("reasoning_content", "");
        assert_eq!(collected.take(false), None);
        collected.text("reasoning_content", "");
        assert_eq!(taken(&mut collected), json!({"reasoning_content": ""}));
    }

    #[test]
    fn nothing_is_kept_of_more_than_there_is_room_for() {
        let mut collected = Collected::default();
        collected.text("reasoning_content", &"x".repeat(MOST));
        collected.text("reasoning_content", "x");
        assert_eq!(collected.take(true), None);
    }

    #[test]
    fn another_model_of_the_provider_gets_thoughts_and_another_provider_nothing() {
        let value = json!({"reasoning_content": "hm", "extra_content": {"sig": 1}, "tool_calls": []});
        let carried = Carried { by: maker("a", "m/1").into(), value: Opaque::from(&value) };
        let back = |provider, model| {
            let back = Back::of(Some(&carried), provider, model);
            Value::Object(members(Some(&carried), back).0)
        };
        assert_eq!(back("a", "m/1"), json!({"reasoning_content": "hm", "extra_content": {"sig": 1}}));
        assert_eq!(back("a", "m/2"), json!({"reasoning_content": "hm"}));
        assert_eq!(back("b", "m/1"), json!({}));
        let foreign = Carried { by: "anthropic:a/m/1".into(), ..carried.clone() };
        assert_eq!(Back::of(Some(&foreign), "a", "m/1"), Back::Nothing);
    }
}
