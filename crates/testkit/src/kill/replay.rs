//! What a model was sent of one conversation, request by request.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::model::SIGNATURE;

/// A mark of where a provider may keep what it has read, which moves on with each request.
const BREAKPOINT: &str = r#","cache_control":{"type":"ephemeral"}"#;

/// A request, each part in the bytes in which it was sent.
#[derive(Deserialize)]
struct Sent<'b> {
    #[serde(borrow)]
    messages: Vec<&'b RawValue>,
    #[serde(borrow, default)]
    system: Option<&'b RawValue>,
    #[serde(borrow, default)]
    tools: Option<&'b RawValue>,
}

/// What differs between requests of one conversation that must not: a later request says what an earlier one said, in
/// the same bytes, and then goes on; after a restart too. Conversations are told apart by these markers, each of which
/// stands in the first words of one.
pub(super) fn differences<'b>(bodies: &'b [Vec<u8>], markers: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let mut longest: BTreeMap<&str, (usize, Vec<String>)> = BTreeMap::new();
    for (number, body) in bodies.iter().enumerate() {
        let sent: Sent<'b> = match serde_json::from_slice(body) {
            Ok(sent) => sent,
            Err(error) => {
                found.push(format!("request {number} cannot be read: {error}"));
                continue;
            }
        };
        let parts = parts(&sent);
        let first = parts
            .iter()
            .find_map(|part| markers.iter().find(|marker| part.contains(&format!("\"{marker} "))));
        let Some(marker) = first else {
            found.push(format!("request {number} belongs to no conversation"));
            continue;
        };
        let answers = parts.iter().filter(|part| part.contains(r#""role":"assistant""#));
        if answers.clone().any(|answer| !answer.contains(SIGNATURE)) {
            found.push(format!("{marker}: request {number} has an answer without its signature"));
        }
        match longest.get_mut(marker.as_str()) {
            Some((earlier, before)) => {
                let differs = before.iter().zip(&parts).position(|(one, other)| one != other);
                if let Some(place) = differs {
                    let (was, is) = (&before[place], &parts[place]);
                    found.push(format!(
                        "{marker}: part {place} of request {number} is {is} and was {was} in request {earlier}"
                    ));
                }
                if parts.len() >= before.len() {
                    (*earlier, *before) = (number, parts);
                }
            }
            None => {
                longest.insert(marker, (number, parts));
            }
        }
    }
    found
}

/// The prompt, the tools and each message. A request to sum up would have no tools; this loop has none.
fn parts(sent: &Sent<'_>) -> Vec<String> {
    let text = |part: Option<&RawValue>| part.map_or("", RawValue::get).replace(BREAKPOINT, "");
    let head = [text(sent.system), text(sent.tools)];
    head.into_iter().chain(sent.messages.iter().map(|message| text(Some(message)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(messages: &str) -> Vec<u8> {
        format!(r#"{{"tools":[],"messages":[{messages}]}}"#).into_bytes()
    }

    #[test]
    fn a_conversation_that_goes_on_differs_in_nothing() {
        let first = r#"{"role":"user","content":[{"text":"K1 d","cache_control":{"type":"ephemeral"}}]}"#;
        let later = r#"{"role":"user","content":[{"text":"K1 d"}]},{"role":"assistant","s":"EqQBCgIYAhIM1"}"#;
        let bodies = [body(first), body(first), body(later)];
        assert_eq!(differences(&bodies, &["K1".to_owned()]), Vec::<String>::new());
    }

    #[test]
    fn another_order_of_members_is_another_conversation() {
        let first = r#"{"content":"K1 d"},{"a":1,"b":2}"#;
        let later = r#"{"content":"K1 d"},{"b":2,"a":1},{"c":3}"#;
        assert_eq!(differences(&[body(first), body(later)], &["K1".to_owned()]).len(), 1);
        let unsigned = r#"{"content":"K1 d"},{"role":"assistant","content":"a"}"#;
        assert_eq!(differences(&[body(unsigned)], &["K1".to_owned()]).len(), 1);
        let unknown = body(r#"{"content":"K2 d"}"#);
        assert_eq!(differences(&[unknown], &["K1".to_owned()]).len(), 1);
    }
}
