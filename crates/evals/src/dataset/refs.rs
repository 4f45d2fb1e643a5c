//! Local ids: `$ref(acme)` in a text stands for the id of the record or member with the local id `acme`.

use std::collections::BTreeMap;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value as Json;

pub(super) const OPENING: &str = "$ref(";

/// What has local ids put in, from the local id to the id.
pub type Ids = BTreeMap<String, String>;

/// A local id that nothing has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("nothing has the local id {0:?}")]
pub struct UnknownRef(pub String);

/// The same, with ids in the place of `$ref(…)` in each of its texts.
///
/// # Errors
/// The first local id that nothing has.
pub fn resolved<T: Serialize + DeserializeOwned>(value: &T, ids: &Ids) -> Result<T, UnknownRef> {
    let mut json = serde_json::to_value(value).unwrap_or_default();
    resolve(&mut json, ids)?;
    serde_json::from_value(json).map_err(|error| UnknownRef(error.to_string()))
}

/// Puts ids in the place of `$ref(…)` in each text.
///
/// # Errors
/// The first local id that nothing has.
pub fn resolve(json: &mut Json, ids: &Ids) -> Result<(), UnknownRef> {
    match json {
        Json::String(text) => {
            if text.contains(OPENING) {
                *text = resolved_text(text, ids)?;
            }
            Ok(())
        }
        Json::Array(items) => items.iter_mut().try_for_each(|item| resolve(item, ids)),
        Json::Object(members) => members.values_mut().try_for_each(|member| resolve(member, ids)),
        _ => Ok(()),
    }
}

/// A text with ids in the place of `$ref(…)`.
///
/// # Errors
/// The first local id that nothing has.
pub fn resolved_text(text: &str, ids: &Ids) -> Result<String, UnknownRef> {
    let mut resolved = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(OPENING) {
        resolved.push_str(before);
        let (name, behind) = after.split_once(')').ok_or_else(|| UnknownRef(after.to_owned()))?;
        resolved.push_str(ids.get(name.trim()).ok_or_else(|| UnknownRef(name.trim().to_owned()))?);
        rest = behind;
    }
    resolved.push_str(rest);
    Ok(resolved)
}

/// Every local id that a value names, with the path of the text it stands in.
pub(super) fn named(json: &Json, path: &str, found: &mut Vec<(String, String)>) {
    match json {
        Json::String(text) => {
            for part in text.split(OPENING).skip(1) {
                let name = part.split_once(')').map_or(part, |(name, _)| name);
                found.push((path.to_owned(), name.trim().to_owned()));
            }
        }
        Json::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                named(item, &format!("{path}[{index}]"), found);
            }
        }
        Json::Object(members) => {
            for (name, member) in members {
                named(member, &kontor_core::error::join_path(path, name), found);
            }
        }
        _ => {}
    }
}
