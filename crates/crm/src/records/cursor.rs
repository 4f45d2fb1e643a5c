//! The place in a list where the next page begins, as opaque text.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use kontor_core::{
    filter::Scalar,
    metadata::{ColumnType, Object},
    time::Timestamp,
};
use serde_json::{Value as Json, json};

use super::sorting::Sorting;
use crate::Error;

/// The longest cursor there is, in characters.
pub const MAX_CURSOR: usize = 4_096;
/// How much of a text a cursor holds, in characters: few enough that five of them fit, whatever they are.
const MAX_TEXT: usize = 100;

/// Where a page ended, by one key of the order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Mark {
    Empty,
    At(Scalar),
    /// At a text that begins like this and is too long for a cursor; the record itself has the rest.
    Within(String),
}

impl Mark {
    fn of(cell: &Option<Scalar>) -> Self {
        match cell {
            None => Self::Empty,
            Some(Scalar::Text(text)) => match text.char_indices().nth(MAX_TEXT) {
                None => Self::At(Scalar::Text(text.clone())),
                Some((end, _)) => Self::Within(text.split_at(end).0.to_owned()),
            },
            Some(scalar) => Self::At(scalar.clone()),
        }
    }
}

/// The cursor behind a record with these sort keys.
pub(crate) fn encode(object: &Object, sorting: &Sorting, place: &[Option<Scalar>]) -> String {
    let place: Vec<Json> = place.iter().map(|cell| to_json(&Mark::of(cell))).collect();
    let json = json!([digest(object, sorting), place]);
    URL_SAFE_NO_PAD.encode(json.to_string())
}

/// The sort keys that a cursor of this list holds.
pub(crate) fn decode(object: &Object, sorting: &Sorting, text: &str) -> Result<Vec<Mark>, Error> {
    place(object, sorting, text).ok_or(Error::InvalidCursor)
}

fn place(object: &Object, sorting: &Sorting, text: &str) -> Option<Vec<Mark>> {
    if text.len() > MAX_CURSOR {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (found, place): (String, Vec<Json>) = serde_json::from_slice(&bytes).ok()?;
    if found != digest(object, sorting) || place.len() != sorting.keys.len() {
        return None;
    }
    sorting.keys.iter().zip(place).map(|(key, json)| from_json(key.ty, &json)).collect()
}

fn to_json(mark: &Mark) -> Json {
    let scalar = match mark {
        Mark::Empty => return Json::Null,
        Mark::Within(text) => return json!([text]),
        Mark::At(scalar) => scalar,
    };
    match scalar {
        Scalar::Text(text) => json!(text),
        Scalar::Integer(value) => json!(value),
        // By its bits: a decimal text may lose the last of them.
        Scalar::Real(value) => json!(value.to_bits()),
        Scalar::Boolean(value) => json!(value),
        Scalar::Date(date) => json!(date),
        Scalar::Timestamp(instant) => json!(instant.micros()),
        Scalar::Uuid(id) => json!(id),
        Scalar::Json(json) => (**json).clone(),
    }
}

fn from_json(ty: ColumnType, json: &Json) -> Option<Mark> {
    let text = |json: &Json| json.as_str().filter(|text| !text.contains('\0')).map(str::to_owned);
    let scalar = match ty {
        _ if json.is_null() => return Some(Mark::Empty),
        ColumnType::Text => match json.as_array().map(Vec::as_slice) {
            Some([beginning]) => return Some(Mark::Within(text(beginning)?)),
            _ => Scalar::Text(text(json)?),
        },
        ColumnType::Integer => Scalar::Integer(json.as_i64()?),
        ColumnType::Real => {
            Scalar::Real(Some(f64::from_bits(json.as_u64()?)).filter(|value| value.is_finite())?)
        }
        ColumnType::Boolean => Scalar::Boolean(json.as_bool()?),
        ColumnType::Date => Scalar::Date(json.as_str()?.parse().ok()?),
        ColumnType::Timestamp => Scalar::Timestamp(Timestamp::from_micros(json.as_i64()?)),
        ColumnType::Uuid => Scalar::Uuid(uuid::Uuid::try_parse(json.as_str()?).ok()?),
        ColumnType::Json => return None,
    };
    Some(Mark::At(scalar))
}

/// Tells lists of different objects or orders apart (FNV-1a).
fn digest(object: &Object, sorting: &Sorting) -> String {
    let text = format!("{} {}", object.name, sorting.name);
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}
