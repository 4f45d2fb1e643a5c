//! What a form says of a field, as a write takes it.

use kontor_core::{
    metadata::{Field, FieldKind, TextFormat},
    time::Date,
    value::Value,
};
use serde_json::{Value as Json, json};

use crate::{
    form::Fields,
    records::{Sent, Trouble, money, read, reading},
};

/// A field's value as the form says it; `None` when the form did not have the field. `held` is what the record holds,
/// and `usual` the currency that the form of an amount shows where there is none yet.
pub(crate) fn sent(
    field: &Field,
    held: &Value,
    form: &Fields,
    today: Date,
    usual: &str,
) -> Result<Option<Json>, Trouble> {
    let sent = Sent { form, field: &field.name };
    Ok(match &field.kind {
        kind @ FieldKind::Number { .. } => {
            return read(sent.chosen_or_written(""), |text| reading::number(kind, text));
        }
        FieldKind::Date => {
            return read(sent.chosen_or_written(""), |text| Ok(json!(reading::date(text, today)?)));
        }
        FieldKind::DateTime => {
            return read(sent.chosen_or_written(""), |text| Ok(json!(reading::moment(text)?.0)));
        }
        FieldKind::Currency => {
            let shown = if let Value::Money(money) = held { &money.currency } else { usual };
            return read(sent.chosen_or_written("amount"), |text| money(text, sent.part("currency"), shown));
        }
        FieldKind::Boolean => sent.find("").map(|text| match text.trim() {
            "true" => json!(true),
            "false" => json!(false),
            _ => Json::Null,
        }),
        FieldKind::FullName => sent.parts(&["first", "last"]),
        FieldKind::Address => sent.parts(&["street", "city", "state", "postal_code", "country"]),
        FieldKind::SocialLinks => sent.parts(&["website", "linkedin", "x", "facebook", "instagram"]),
        FieldKind::Emails | FieldKind::Phones => sent.points(),
        FieldKind::Target { .. } => {
            return read(sent.written(""), |text| {
                Ok(match text.split_once(':') {
                    Some((object, id)) => json!({ "object": object, "id": id }),
                    None => json!(text),
                })
            });
        }
        // Browsers send line breaks as CR LF.
        FieldKind::Text { format: TextFormat::Markdown } => sent.find("").map(|text| {
            let text = text.replace("\r\n", "\n");
            if text.trim().is_empty() { Json::Null } else { Json::String(text) }
        }),
        FieldKind::Text { format: TextFormat::Line | TextFormat::Domain }
        | FieldKind::Select { .. }
        | FieldKind::Relation { .. } => return read(sent.written(""), |text| Ok(json!(text))),
        FieldKind::Id | FieldKind::Position | FieldKind::Actor | FieldKind::Json => None,
    })
}

/// What a form that was not touched would say of the value that a record holds.
pub(crate) fn untouched(field: &Field, held: &Value) -> Json {
    match &field.kind {
        FieldKind::Target { .. } => {
            let Value::Target(target) = held else { return Json::Null };
            target.id.map_or(Json::Null, |id| json!({ "object": target.object, "id": id }))
        }
        // The input shows minutes; what is below them is not to be lost by saving.
        FieldKind::DateTime => {
            let Value::DateTime(at) = held else { return Json::Null };
            let minute = at.to_string().get(..16).and_then(|text| reading::moment(text).ok());
            minute.map_or(Json::Null, |(at, _)| json!(at))
        }
        kind @ (FieldKind::Id
        | FieldKind::Text { .. }
        | FieldKind::Number { .. }
        | FieldKind::Boolean
        | FieldKind::Date
        | FieldKind::Select { .. }
        | FieldKind::Currency
        | FieldKind::FullName
        | FieldKind::Emails
        | FieldKind::Phones
        | FieldKind::SocialLinks
        | FieldKind::Address
        | FieldKind::Actor
        | FieldKind::Relation { .. }
        | FieldKind::Position
        | FieldKind::Json) => held.to_json(kind),
    }
}
