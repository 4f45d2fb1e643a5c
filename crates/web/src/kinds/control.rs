//! The control of a form that a field is written by.

use kontor_core::{
    metadata::{Field, FieldKind, TextFormat},
    reading::readable,
    value::{Address, Money, SocialLinks, Value, format_scaled},
};

use super::held;
use crate::records::{
    Control, DAYS, Form, Source, currencies, parts, points,
    reading::{moment_input, number_input},
    record,
};

/// The control of a field, with what stands in it; `None` where a form has none, as [`super::Row::has_control`] says.
pub(crate) fn control(form: &Form<'_>, field: &Field, source: &Source<'_>) -> Option<Control> {
    Some(match &field.kind {
        FieldKind::Text { format } => {
            let value = source.text("", |value| Some(held!(value, Text).clone()));
            match format {
                TextFormat::Line => Control::line(value, ""),
                TextFormat::Domain => Control::line(value, "url"),
                TextFormat::Markdown => Control::Area { value },
            }
        }
        FieldKind::Number { decimals, .. } => {
            let number = |value: &Value| Some(number_input(&format_scaled(*held!(value, Number), *decimals)));
            Control::line(source.text("", number), "decimal")
        }
        FieldKind::Boolean => Control::Choice {
            options: vec![("true".to_owned(), "Yes".to_owned()), ("false".to_owned(), "No".to_owned())],
            value: source.text("", |value| Some(held!(value, Boolean).to_string())),
            has_empty: !field.is_required,
        },
        FieldKind::Date => {
            let [min, max] = DAYS.map(str::to_owned);
            let value = source.text("", |value| Some(held!(value, Date).to_string()));
            Control::Line { kind: "date", value, min, max, mode: "" }
        }
        FieldKind::DateTime => Control::Line {
            kind: "datetime-local",
            // The input takes no zone; seconds and below are not a person's to write.
            value: moment_input(&source.text("", |value| Some(held!(value, DateTime).to_string()))),
            min: format!("{}T00:00", DAYS[0]),
            max: format!("{}T23:59", DAYS[1]),
            mode: "",
        },
        FieldKind::Select { options } => Control::Choice {
            options: options.iter().map(|option| (option.value.clone(), option.label.clone())).collect(),
            value: source.text("", |value| Some(held!(value, Select).clone())),
            has_empty: !field.is_required,
        },
        FieldKind::Currency => {
            let currency = source.text("currency", |value| Some(held!(value, Money).currency.clone()));
            let currency = Some(currency.to_uppercase()).filter(|currency| !currency.is_empty());
            let currency = currency.unwrap_or_else(|| form.usual_currency().to_owned());
            let amount = |value: &Value| {
                Some(number_input(&format_scaled(held!(value, Money).micros, Money::DECIMALS)))
            };
            Control::Money {
                amount: source.text("amount", amount),
                currencies: currencies(form.used_currencies, &currency),
                currency,
            }
        }
        FieldKind::FullName => {
            parts(source, &[("first", "First name", false), ("last", "Last name", false)], |value, part| {
                let name = held!(value, FullName);
                Some(if part == "first" { &name.first } else { &name.last })
            })
        }
        FieldKind::Address => {
            const PARTS: [(&str, &str, bool); 5] = [
                ("street", "Street", true),
                ("city", "City", false),
                ("state", "State", false),
                ("postal_code", "Postal code", false),
                ("country", "Country", false),
            ];
            parts(source, &PARTS, |value, part| {
                let Address { street, city, state, postal_code, country } = &**held!(value, Address);
                Some(match part {
                    "street" => street,
                    "city" => city,
                    "state" => state,
                    "postal_code" => postal_code,
                    _ => country,
                })
            })
        }
        FieldKind::SocialLinks => {
            const PARTS: [(&str, &str, bool); 5] = [
                ("website", "Website", false),
                ("linkedin", "LinkedIn", false),
                ("x", "X", false),
                ("facebook", "Facebook", false),
                ("instagram", "Instagram", false),
            ];
            parts(source, &PARTS, |value, part| {
                let SocialLinks { linkedin, x, facebook, instagram, website } = &**held!(value, SocialLinks);
                Some(match part {
                    "website" => website,
                    "linkedin" => linkedin,
                    "x" => x,
                    "facebook" => facebook,
                    _ => instagram,
                })
            })
        }
        FieldKind::Emails => points(source, "email", |value| {
            let emails = held!(value, Emails);
            Some((&emails.primary, &emails.additional))
        }),
        FieldKind::Phones => points(source, "tel", |value| {
            let phones = held!(value, Phones);
            Some((&phones.primary, &phones.additional))
        }),
        FieldKind::Relation { object } => {
            let value = source.text("", |value| Some(held!(value, Relation).to_string()));
            record(form, source, std::slice::from_ref(object), value, false)
        }
        FieldKind::Target { objects } => {
            let value = source.text("", |value| {
                let target = held!(value, Target);
                Some(format!("{}:{}", target.object, target.id?))
            });
            let known = objects.iter().filter(|name| form.schema.object(name).is_some());
            record(form, source, &known.cloned().collect::<Vec<_>>(), value, true)
        }
        FieldKind::Id | FieldKind::Position | FieldKind::Actor | FieldKind::Json => return None,
    })
}

/// What is to be said below a control.
pub(crate) fn hint(kind: &FieldKind) -> String {
    match kind {
        FieldKind::DateTime => "In UTC.".to_owned(),
        FieldKind::Text { format: TextFormat::Markdown } => "Markdown.".to_owned(),
        FieldKind::Number { decimals, min, max } => {
            let bound = |bound: &Option<i64>| bound.map(|bound| readable(&format_scaled(bound, *decimals)));
            match (bound(min), bound(max)) {
                (Some(min), Some(max)) => format!("From {min} to {max}."),
                (Some(min), None) => format!("At least {min}."),
                (None, Some(max)) => format!("At most {max}."),
                (None, None) => String::new(),
            }
        }
        FieldKind::Text { format: TextFormat::Line | TextFormat::Domain }
        | FieldKind::Id
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
        | FieldKind::Target { .. }
        | FieldKind::Position
        | FieldKind::Json => String::new(),
    }
}
