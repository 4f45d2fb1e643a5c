//! What a record's form says, as the fields of a create or an update.

use kontor_core::{
    caller::Caller,
    currency::Currency,
    metadata::{Field, FieldKind, Object, TextFormat},
    time::Date,
};
use serde_json::{Map, Value as Json, json};

use super::{
    inputs::{input_name, is_editable},
    problems::{Problems, Trouble, UNREADABLE},
    reading,
};
use crate::form::Fields;

/// The input by which something is chosen instead of what was written.
const CHOICE: &str = "choice";

/// What a form says otherwise than the record.
pub(crate) struct Submitted {
    /// Ready for a write, which [`UNREADABLE`] in it lets fail.
    pub fields: Map<String, Json>,
    /// What could not be read.
    pub problems: Problems,
}

/// The fields that the form says otherwise than the record. For a new record, where `record` is null, these are
/// all that are filled, and those whose default was taken out. `usual` is the currency that the form of an amount shows
/// where there is none yet.
pub(crate) fn submitted(
    caller: &Caller,
    object: &Object,
    record: &Json,
    sent: &Fields,
    today: Date,
    usual: &str,
) -> Submitted {
    let (mut fields, mut problems) = (Map::new(), Problems::default());
    for field in object.fields.iter().filter(|field| is_editable(&caller.grants, object, field)) {
        let held = record.get(field.name.as_str()).unwrap_or(&Json::Null);
        let given = match value(field, held, sent, today, usual) {
            Ok(Some(given)) if field.is_required && same(&given, &Json::Null) => {
                // The service asks for what is missing only where all else is right.
                problems.say(&field.name, Trouble::new(format!("{} is required.", field.label)));
                fields.insert(field.name.to_string(), UNREADABLE);
                continue;
            }
            Ok(Some(given)) => given,
            Ok(None) => continue,
            Err(trouble) => {
                problems.say(&field.name, trouble);
                fields.insert(field.name.to_string(), UNREADABLE);
                continue;
            }
        };
        let is_cleared = record.is_null() && field.default.is_some() && same(&given, &Json::Null);
        if is_cleared {
            fields.insert(field.name.to_string(), Json::Null);
        } else if !same(&given, &comparable(field, held)) {
            fields.insert(field.name.to_string(), given);
        }
    }
    Submitted { fields, problems }
}

/// A choice that was made at a field instead of what was written.
pub(crate) fn chosen<'a>(sent: &'a Fields, field: &'a str) -> Option<String> {
    let name = input_name(field, CHOICE);
    sent.all(&name).find(|value| !value.is_empty()).map(str::to_owned)
}

/// A field's value as the form says it; `None` when the form did not have the field.
fn value(
    field: &Field,
    held: &Json,
    sent: &Fields,
    today: Date,
    usual: &str,
) -> Result<Option<Json>, Trouble> {
    let name = field.name.as_str();
    let part = |part: &str| sent.get(&input_name(name, part)).to_owned();
    let object = |parts: &[&str]| {
        sent.find(&input_name(name, parts.first()?))?;
        let map: Map<_, _> =
            parts.iter().map(|name| ((*name).to_owned(), Json::String(part(name)))).collect();
        Some(if map.values().all(|text| text == "") { Json::Null } else { Json::Object(map) })
    };
    let plain = || sent.find(name).map(|text| text.trim().to_owned());
    let written = || plain().map(|text| chosen(sent, name).unwrap_or(text));
    Ok(match &field.kind {
        kind @ FieldKind::Number { .. } => return read(written(), |text| reading::number(kind, text)),
        FieldKind::Date => return read(written(), |text| Ok(json!(reading::date(text, today)?))),
        FieldKind::DateTime => return read(written(), |text| Ok(json!(reading::moment(text)?.0))),
        FieldKind::Currency => {
            let typed = chosen(sent, name)
                .or_else(|| sent.find(&input_name(name, "amount")).map(|text| text.trim().to_owned()));
            return read(typed, |text| money(held, text, &part("currency"), usual));
        }
        FieldKind::Boolean => Some(match sent.get(name) {
            "true" => json!(true),
            "false" => json!(false),
            _ => Json::Null,
        })
        .filter(|_| sent.find(name).is_some()),
        FieldKind::FullName => object(&["first", "last"]),
        FieldKind::Address => object(&["street", "city", "state", "postal_code", "country"]),
        FieldKind::SocialLinks => object(&["website", "linkedin", "x", "facebook", "instagram"]),
        FieldKind::Emails | FieldKind::Phones => points(name, sent),
        FieldKind::Target { .. } => {
            return read(plain(), |text| {
                Ok(match text.split_once(':') {
                    Some((object, id)) => json!({ "object": object, "id": id }),
                    None => json!(text),
                })
            });
        }
        // Browsers send line breaks as CR LF.
        FieldKind::Text { format: TextFormat::Markdown } => sent.find(name).map(|text| {
            let text = text.replace("\r\n", "\n");
            if text.trim().is_empty() { Json::Null } else { Json::String(text) }
        }),
        _ => return read(plain(), |text| Ok(json!(text))),
    })
}

/// What is written, read; nothing written is no value.
fn read(
    written: Option<String>,
    read: impl FnOnce(&str) -> Result<Json, Trouble>,
) -> Result<Option<Json>, Trouble> {
    match written.as_deref() {
        None => Ok(None),
        Some("") => Ok(Some(Json::Null)),
        Some(text) => read(text).map(Some),
    }
}

/// A primary mail address or telephone number, and others, one a line.
fn points(name: &str, sent: &Fields) -> Option<Json> {
    sent.find(&input_name(name, "primary"))?;
    let primary = sent.get(&input_name(name, "primary"));
    let additional: Vec<&str> = sent
        .get(&input_name(name, "additional"))
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let is_empty = primary.is_empty() && additional.is_empty();
    Some(if is_empty { Json::Null } else { json!({ "primary": primary, "additional": additional }) })
}

/// An amount and its currency. One that is written with the amount counts, unless another was chosen beside it.
fn money(held: &Json, typed: &str, chosen: &str, usual: &str) -> Result<Json, Trouble> {
    let amount = reading::amount(typed)?;
    let chosen = chosen.to_uppercase();
    let shown = held.get("currency").and_then(Json::as_str).unwrap_or(usual);
    let currency = match amount.currency.map(Currency::code) {
        Some(written) if chosen != written && chosen != shown && !chosen.is_empty() => {
            return Err(Trouble::new(format!(
                "“{}” is in {written}, and {chosen} is chosen beside it. Say which.",
                kontor_core::text::excerpt(typed, 80)
            )));
        }
        Some(written) => written.to_owned(),
        None => chosen,
    };
    Ok(reading::amount_json(&amount, &currency))
}

/// A record's value in the form in which a form says it.
fn comparable(field: &Field, json: &Json) -> Json {
    match &field.kind {
        FieldKind::Relation { .. } => json.get("id").cloned().unwrap_or(Json::Null),
        FieldKind::Target { .. } => match (json.get("object"), json.get("id")) {
            (Some(object), Some(id)) if !id.is_null() => json!({ "object": object, "id": id }),
            _ => Json::Null,
        },
        // The input shows minutes; what is below them is not to be lost by saving.
        FieldKind::DateTime => json
            .as_str()
            .and_then(|text| reading::moment(text.get(..16)?).ok())
            .map_or(Json::Null, |(at, _)| json!(at)),
        _ => json.clone(),
    }
}

/// Whether two values are the same to a person: an empty composite is no value, and 10 is 10.0.
fn same(left: &Json, right: &Json) -> bool {
    match (left, right) {
        (Json::Number(left), Json::Number(right)) => left == right || left.as_f64() == right.as_f64(),
        (Json::Object(left), Json::Object(right)) => {
            let keys = left.keys().chain(right.keys());
            keys.into_iter()
                .all(|key| same(left.get(key).unwrap_or(&Json::Null), right.get(key).unwrap_or(&Json::Null)))
        }
        (Json::Number(number), Json::String(text)) | (Json::String(text), Json::Number(number)) => {
            number.to_string() == *text
        }
        (Json::Null, Json::String(text)) | (Json::String(text), Json::Null) => text.is_empty(),
        (Json::Null, Json::Array(items)) | (Json::Array(items), Json::Null) => items.is_empty(),
        (Json::Null, Json::Object(map)) | (Json::Object(map), Json::Null) => {
            map.values().all(|value| same(value, &Json::Null))
        }
        (left, right) => left == right,
    }
}
