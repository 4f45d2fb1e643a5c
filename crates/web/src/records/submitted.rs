//! What a record's form says, as the fields of a create or an update.

use kontor_core::{caller::Caller, currency::Currency, metadata::Object, time::Date, value::Value};
use serde_json::{Map, Value as Json, json};

use super::{
    held::Held,
    inputs::{input_name, is_editable},
    problems::{Problems, Trouble, UNREADABLE},
    reading,
};
use crate::{form::Fields, kinds::sent};

/// The input by which something is chosen instead of what was written.
const CHOICE: &str = "choice";

/// What a form says otherwise than the record.
pub(crate) struct Submitted {
    /// Ready for a write, which [`UNREADABLE`] in it lets fail.
    pub fields: Map<String, Json>,
    /// What could not be read.
    pub problems: Problems,
}

/// The fields that the form says otherwise than the record. For a new record, where nothing is held, these are
/// all that are filled, and those whose default was taken out. `usual` is the currency that the form of an amount shows
/// where there is none yet.
pub(crate) fn submitted(
    caller: &Caller,
    object: &Object,
    held: Option<&Held>,
    sent: &Fields,
    today: Date,
    usual: &str,
) -> Submitted {
    let (mut fields, mut problems) = (Map::new(), Problems::default());
    for field in object.fields.iter().filter(|field| is_editable(&caller.grants, object, field)) {
        let value = held.map_or(&Value::Null, |held| held.value(field));
        let given = match sent::sent(field, value, sent, today, usual) {
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
        let is_cleared = held.is_none() && field.default.is_some() && same(&given, &Json::Null);
        if is_cleared {
            fields.insert(field.name.to_string(), Json::Null);
        } else if !same(&given, &sent::untouched(field, value)) {
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

/// What a form sent of one field.
pub(crate) struct Sent<'a> {
    pub form: &'a Fields,
    pub field: &'a str,
}

impl Sent<'_> {
    /// The text of a part, the whole where the part has no name; `None` where the form did not have it.
    pub(crate) fn find(&self, part: &str) -> Option<&str> {
        self.form.find(&input_name(self.field, part))
    }

    /// The text of a part, trimmed; empty where the form did not have it.
    pub(crate) fn part(&self, part: &str) -> &str {
        self.find(part).unwrap_or_default().trim()
    }

    pub(crate) fn written(&self, part: &str) -> Option<String> {
        self.find(part).map(|text| text.trim().to_owned())
    }

    /// What was chosen instead of what is written.
    pub(crate) fn chosen_or_written(&self, part: &str) -> Option<String> {
        let written = self.written(part)?;
        Some(chosen(self.form, self.field).unwrap_or(written))
    }

    /// The texts of a composite.
    pub(crate) fn parts(&self, parts: &[&str]) -> Option<Json> {
        self.find(parts.first()?)?;
        let map: Map<_, _> =
            parts.iter().map(|name| ((*name).to_owned(), Json::String(self.part(name).to_owned()))).collect();
        Some(if map.values().all(|text| text == "") { Json::Null } else { Json::Object(map) })
    }

    /// A primary mail address or telephone number, and others, one a line.
    pub(crate) fn points(&self) -> Option<Json> {
        self.find("primary")?;
        let primary = self.part("primary");
        let additional: Vec<&str> =
            self.part("additional").lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let is_empty = primary.is_empty() && additional.is_empty();
        Some(if is_empty { Json::Null } else { json!({ "primary": primary, "additional": additional }) })
    }
}

/// What is written, read; nothing written is no value.
pub(crate) fn read(
    written: Option<String>,
    read: impl FnOnce(&str) -> Result<Json, Trouble>,
) -> Result<Option<Json>, Trouble> {
    match written.as_deref() {
        None => Ok(None),
        Some("") => Ok(Some(Json::Null)),
        Some(text) => read(text).map(Some),
    }
}

/// An amount and its currency. One that is written with the amount counts, unless another was chosen beside it.
/// `shown` is the currency that the form showed.
pub(crate) fn money(typed: &str, chosen: &str, shown: &str) -> Result<Json, Trouble> {
    let amount = reading::amount(typed)?;
    let chosen = chosen.to_uppercase();
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
