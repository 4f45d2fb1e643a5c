//! Tool calls put together from their pieces.
//!
//! What servers send differs more here than anywhere: ids are missing, repeated or new in every piece, several calls
//! share an index, arguments come again as a whole, begin with an empty object, are encoded twice or stand in a code
//! fence. One rule holds for all of them: a call whose arguments are no whole object yet is continued, one whose
//! arguments are whole is finished, and what follows is another call unless it says the same again.

use std::collections::HashSet;

use serde_json::{Deserializer, Map, Value};

use crate::{
    chat::{Opaque, ToolCall},
    tokens::estimate,
};

/// Bytes of a call's id and of its name that are kept.
const LONGEST_WORD: usize = 1_024;
/// Bytes of what came with a call that are kept. A signature is some kilobytes long, and the half of one is none.
const LARGEST_EXTRA: usize = 64 * 1_024;
/// Calls of one answer that are kept: far more than any agent may make in a step.
const MOST_CALLS: usize = 256;

/// The calls of an answer that is under way.
#[derive(Debug, Default)]
pub(crate) struct Calls(Vec<Partial>);

#[derive(Debug)]
struct Partial {
    index: u32,
    id: Option<String>,
    name: String,
    arguments: String,
    extra: Map<String, Value>,
}

/// A piece of a call, as far as there is room for it.
#[derive(Debug)]
pub(crate) struct Piece<'a> {
    pub(crate) index: u32,
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) arguments: &'a str,
    pub(crate) extra: Option<Map<String, Value>>,
}

impl Calls {
    /// Takes up a piece; false where it begins a call and there are too many.
    pub(crate) fn push(&mut self, piece: Piece<'_>) -> bool {
        let Piece { index, id, name, arguments, extra } = piece;
        let (id, name) = (short(id), short(name));
        let known = self.0.iter_mut().rev().find(|call| call.index == index);
        if let Some(call) =
            known.filter(|call| call.is_continued_by(id.as_deref(), name.as_deref(), arguments))
        {
            call.take(id, name, arguments);
            call.extra.extend(extra.into_iter().flatten());
            return true;
        }
        if self.0.len() >= MOST_CALLS {
            return false;
        }
        let (name, arguments) = (name.unwrap_or_default(), arguments.to_owned());
        self.0.push(Partial { index, id, name, arguments, extra: extra.unwrap_or_default() });
        true
    }

    /// Tokens of names and arguments so far, estimated.
    pub(crate) fn tokens(&self) -> usize {
        self.0.iter().map(|call| estimate(&call.name) + estimate(&call.arguments)).sum()
    }

    /// The whole calls. Of `prefix` are made the ids of those that have none of their own.
    pub(crate) fn complete(self, prefix: &str) -> Vec<ToolCall> {
        let mut complete: Vec<ToolCall> = Vec::with_capacity(self.0.len());
        let (mut ids, mut said) = (HashSet::new(), HashSet::new());
        for (position, call) in self.0.into_iter().enumerate() {
            let arguments = tidy(&call.arguments);
            // The same call under the same id is one that was sent twice.
            if let Some(id) = &call.id
                && !said.insert((id.clone(), call.name.clone(), arguments.clone()))
            {
                continue;
            }
            let given = call.id.filter(|id| ids.insert(id.clone()));
            complete.push(ToolCall {
                id: given.unwrap_or_else(|| short_id(&format!("{prefix}_{position}"))),
                name: call.name,
                arguments,
                extra: opaque(call.extra),
            });
        }
        complete
    }
}

impl Partial {
    fn is_continued_by(&self, id: Option<&str>, name: Option<&str>, arguments: &str) -> bool {
        let is_other_id = matches!((self.id.as_deref(), id), (Some(known), Some(given)) if known != given);
        if is_whole(&self.arguments) {
            let says_the_same = arguments.trim().is_empty() || is_same(&self.arguments, arguments);
            let fills_empty = is_empty_object(&self.arguments) && name.is_none();
            let is_nameless = self.name.is_empty();
            let names_another = !is_nameless && name.is_some_and(|name| name != self.name);
            return !is_other_id
                && !names_another
                && (says_the_same && (id.is_some() || name.is_none() || is_nameless) || fills_empty);
        }
        match name {
            // A piece that names a call under an id of its own begins one.
            Some(name) => {
                !is_other_id && (self.arguments.is_empty() || self.name.is_empty() || name == self.name)
            }
            None => true,
        }
    }

    fn take(&mut self, id: Option<String>, name: Option<String>, arguments: &str) {
        self.id = self.id.take().or(id);
        if let Some(name) = name
            && name != self.name
        {
            self.name.push_str(&name);
            self.name.truncate(self.name.floor_char_boundary(LONGEST_WORD));
        }
        if is_whole(&self.arguments) {
            if is_empty_object(&self.arguments) && !arguments.trim().is_empty() {
                arguments.clone_into(&mut self.arguments);
            }
        } else if !self.arguments.is_empty() && arguments.starts_with(&self.arguments) {
            // The piece tells all there is so far.
            arguments.clone_into(&mut self.arguments);
        } else {
            self.arguments.push_str(arguments);
        }
    }
}

/// An id that every provider takes, of nine letters and digits, always the same for a text.
pub(crate) fn short_id(text: &str) -> String {
    const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    // FNV-1a (<http://www.isthe.com/chongo/tech/comp/fnv/>), which stays the same from version to version.
    let mut hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    // Its low bits alone change little with the last letters.
    hash ^= hash >> 32;
    let mut id = String::with_capacity(9);
    for _ in 0..9 {
        let letter = usize::try_from(hash % 62).ok().and_then(|at| LETTERS.get(at)).copied();
        id.push(char::from(letter.unwrap_or(b'0')));
        hash /= 62;
    }
    id
}

/// What came with a call, unless it is nothing or too large.
fn opaque(extra: Map<String, Value>) -> Option<Opaque> {
    if extra.is_empty() {
        return None;
    }
    let extra = Opaque::from(&Value::Object(extra));
    let size = extra.as_str().len();
    if size > LARGEST_EXTRA {
        tracing::warn!(size, "what came with a call is too large to go back with it");
        return None;
    }
    Some(extra)
}

fn short(word: Option<String>) -> Option<String> {
    let mut word = word.filter(|word| !word.is_empty())?;
    word.truncate(word.floor_char_boundary(LONGEST_WORD));
    Some(word)
}

/// Whether a text is one whole JSON object.
fn is_whole(text: &str) -> bool {
    let text = text.trim();
    text.starts_with('{')
        && text.ends_with('}')
        && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

fn is_empty_object(text: &str) -> bool {
    text.trim()
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
        .is_some_and(|rest| rest.trim().is_empty())
}

fn is_same(one: &str, other: &str) -> bool {
    one.trim() == other.trim()
}

/// Arguments as the JSON object that they were meant to be, where it is plain which; else as they are, for whoever
/// called to be told what is wrong.
fn tidy(written: &str) -> String {
    let text = unfenced(written.trim());
    if text.is_empty() || text == "null" {
        return "{}".to_owned();
    }
    if is_whole(text) {
        return text.to_owned();
    }
    if let Ok(Value::String(inner)) = serde_json::from_str(text)
        && is_whole(unfenced(inner.trim()))
    {
        return unfenced(inner.trim()).to_owned();
    }
    // Objects one after the other: the same again, or an empty one before it.
    let objects: Result<Vec<Value>, _> = Deserializer::from_str(text).into_iter::<Value>().collect();
    let mut objects: Vec<Value> = objects.unwrap_or_default();
    objects.retain(|object| object.as_object().is_none_or(|object| !object.is_empty()));
    objects.dedup();
    match objects.as_slice() {
        [one @ Value::Object(_)] => one.to_string(),
        _ => written.to_owned(),
    }
}

/// What stands in a Markdown code fence.
fn unfenced(text: &str) -> &str {
    let inside = text.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    inside.map_or(text, |inside| inside.strip_prefix("json").unwrap_or(inside).trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = r#"{"title":"a"}"#;
    const OTHER: &str = r#"{"title":"b"}"#;

    /// The calls made of pieces: index, id, name, arguments.
    fn made(pieces: &[(u32, &str, &str, &str)]) -> Vec<(String, String)> {
        let given = |word: &str| (!word.is_empty()).then(|| word.to_owned());
        let mut calls = Calls::default();
        for (index, id, name, arguments) in pieces {
            let (id, name) = (given(id), given(name));
            assert!(calls.push(Piece { index: *index, id, name, arguments, extra: None }));
        }
        calls.complete("made").into_iter().map(|call| (call.name, call.arguments)).collect()
    }

    fn one() -> Vec<(String, String)> {
        vec![("task_create".to_owned(), ONE.to_owned())]
    }

    fn two() -> Vec<(String, String)> {
        [one(), vec![("task_create".to_owned(), OTHER.to_owned())]].concat()
    }

    #[test]
    fn unfinished_arguments_continue_their_call_whatever_the_id() {
        let (head, tail) = ONE.split_at(6);
        let name = "task_create";
        assert_eq!(made(&[(0, "a", name, ""), (0, "", "", head), (0, "", "", tail)]), one());
        assert_eq!(made(&[(0, "a", name, ""), (0, "b", "", head), (0, "c", "", tail)]), one());
        assert_eq!(made(&[(0, "a", name, ""), (0, "a", name, head), (0, "a", name, tail)]), one());
        assert_eq!(made(&[(0, "a", "", ONE), (0, "", name, "")]), one(), "a name after its arguments");
        assert_eq!(made(&[(0, "a", "task_", ""), (0, "", "create", ""), (0, "", "", ONE)]), one());
    }

    #[test]
    fn finished_arguments_begin_another_call_whatever_the_index() {
        let name = "task_create";
        assert_eq!(made(&[(0, "a", name, ONE), (0, "b", name, OTHER)]), two());
        assert_eq!(made(&[(0, "", name, ONE), (0, "", name, OTHER)]), two());
        assert_eq!(made(&[(0, "a", name, ONE), (1, "a", name, OTHER)]), two(), "one id for both");
        assert_eq!(made(&[(0, "", name, ONE), (0, "", name, ONE)]).len(), 2, "twice, and meant so");
    }

    #[test]
    fn what_is_sent_again_is_taken_once() {
        let (head, tail) = ONE.split_at(6);
        let name = "task_create";
        assert_eq!(made(&[(0, "a", name, ONE), (1, "a", name, ONE)]), one());
        assert_eq!(made(&[(0, "a", name, head), (0, "", "", tail), (0, "a", name, ONE)]), one());
        assert_eq!(made(&[(0, "a", name, head), (0, "a", name, ONE)]), one(), "all there is so far");
        assert_eq!(made(&[(0, "a", name, "{}"), (0, "", "", ONE)]), one());
        assert_eq!(made(&[(0, "a", name, ONE), (0, "", "", "")]), one());
    }

    #[test]
    fn what_comes_with_the_pieces_of_a_call_stays_with_it() {
        let mut calls = Calls::default();
        let mut push = |index, name: Option<&str>, arguments, extra: Value| {
            let (name, extra) = (name.map(str::to_owned), extra.as_object().cloned());
            assert!(calls.push(Piece { index, id: None, name, arguments, extra }));
        };
        push(0, Some("task_create"), "", serde_json::json!({"a": 1, "sig": "s"}));
        push(0, None, ONE, serde_json::json!({"a": 2}));
        push(1, Some("task_create"), OTHER, Value::Null);
        push(2, Some("task_create"), ONE, serde_json::json!({"sig": "x".repeat(LARGEST_EXTRA)}));
        let extras: Vec<_> = calls.complete("made").into_iter().map(|call| call.extra).collect();
        assert_eq!(extras[0].as_ref().unwrap().as_str(), r#"{"a":2,"sig":"s"}"#);
        assert_eq!(extras[1..], [None, None], "no part of what is too large is kept");
    }

    #[test]
    fn arguments_are_the_object_that_was_meant() {
        let encoded = Value::from(ONE).to_string();
        let (fenced, doubled, late) =
            (format!("```json\n{ONE}\n```"), format!("{ONE}{ONE}"), format!("{{}}{ONE}"));
        for written in [ONE, &encoded, &fenced, &doubled, &late] {
            assert_eq!(tidy(written), ONE, "{written}");
        }
        for nothing in ["", " ", "null", "{}"] {
            assert_eq!(tidy(nothing), "{}", "{nothing:?}");
        }
        let both = format!("{ONE}{OTHER}");
        for unclear in ["[1]", "{\"a\":", "yes", &both] {
            assert_eq!(tidy(unclear), unclear, "left as it is");
        }
    }
}
