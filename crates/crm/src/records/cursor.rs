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

/// The longest cursor that is looked at.
const MAX_LENGTH: usize = 16_384;

/// The cursor behind a record with these sort keys.
pub(crate) fn encode(object: &Object, sorting: &Sorting, place: &[Option<Scalar>]) -> String {
    let place: Vec<Json> = place.iter().map(to_json).collect();
    let json = json!([digest(object, sorting), place]);
    URL_SAFE_NO_PAD.encode(json.to_string())
}

/// The sort keys that a cursor of this list holds.
pub(crate) fn decode(object: &Object, sorting: &Sorting, text: &str) -> Result<Vec<Option<Scalar>>, Error> {
    place(object, sorting, text).ok_or(Error::InvalidCursor)
}

fn place(object: &Object, sorting: &Sorting, text: &str) -> Option<Vec<Option<Scalar>>> {
    if text.len() > MAX_LENGTH {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (found, place): (String, Vec<Json>) = serde_json::from_slice(&bytes).ok()?;
    if found != digest(object, sorting) || place.len() != sorting.keys.len() {
        return None;
    }
    sorting.keys.iter().zip(place).map(|(key, json)| from_json(key.ty, &json)).collect()
}

fn to_json(cell: &Option<Scalar>) -> Json {
    match cell {
        None => Json::Null,
        Some(Scalar::Text(text)) => json!(text),
        Some(Scalar::Integer(value)) => json!(value),
        // By its bits: a decimal text may lose the last of them.
        Some(Scalar::Real(value)) => json!(value.to_bits()),
        Some(Scalar::Boolean(value)) => json!(value),
        Some(Scalar::Date(date)) => json!(date),
        Some(Scalar::Timestamp(instant)) => json!(instant.micros()),
        Some(Scalar::Uuid(id)) => json!(id),
        Some(Scalar::Json(json)) => json.clone(),
    }
}

fn from_json(ty: ColumnType, json: &Json) -> Option<Option<Scalar>> {
    if json.is_null() {
        return Some(None);
    }
    let scalar = match ty {
        ColumnType::Text => Scalar::Text(json.as_str().filter(|text| !text.contains('\0'))?.to_owned()),
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
    Some(Some(scalar))
}

/// Tells lists of different objects or orders apart (FNV-1a).
fn digest(object: &Object, sorting: &Sorting) -> String {
    let text = format!("{} {}", object.name, sorting.name);
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}
