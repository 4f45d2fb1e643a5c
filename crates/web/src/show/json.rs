//! Values in their JSON form: of what an operation was asked and gave, which a model wrote or read, and of changes as
//! they are stored. They are turned back into values here, and what is none is shown as it is.

use kontor_core::{
    metadata::Field,
    reading::readable,
    text::excerpt,
    value::{Money, parse_scaled},
};
use serde_json::Value as Json;

use super::{Place, Shown, Viewer, value::line};

impl Viewer {
    /// A field's value from its JSON form, as REST and operations give it.
    pub(crate) fn json(&self, field: &Field, json: &Json, place: Place) -> Shown {
        match field.kind.shown_as(json) {
            _ if json.is_null() => Shown::Empty,
            Some(value) => {
                let name = json.get("label").and_then(Json::as_str);
                self.value(field, &value, name, place)
            }
            None => untyped(json, place),
        }
    }
}

/// A value of no known field.
pub(crate) fn untyped(json: &Json, place: Place) -> Shown {
    match json {
        Json::Null => Shown::Empty,
        Json::String(text) => line(text, place),
        Json::Bool(value) => Shown::Text(if *value { "Yes" } else { "No" }.to_owned()),
        Json::Number(_) => grouped(json).map_or(Shown::Empty, Shown::Number),
        _ => match money(json) {
            Some(text) => Shown::Number(text),
            None => Shown::Text(excerpt(&json.to_string(), 400)),
        },
    }
}

fn grouped(json: &Json) -> Option<String> {
    Some(readable(&json.as_number()?.to_string()))
}

fn money(json: &Json) -> Option<String> {
    let amount = json.get("amount")?;
    // What is asked for may leave the currency to the record.
    let Some(currency) = json.get("currency") else { return grouped(amount) };
    let micros = parse_scaled(amount, Money::DECIMALS).ok()?;
    let currency = currency.as_str()?.to_owned();
    Some(Money { micros, currency }.to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use askama::Template as _;
    use kontor_core::{
        environment::Environment,
        ids::FieldId,
        locale::TimeZone,
        metadata::{FieldKind, Name, Schema, TextFormat},
    };
    use serde_json::json;

    use super::*;

    fn show(kind: FieldKind, json: &Json) -> String {
        let viewer = Viewer {
            schema: Arc::new(Schema::default()),
            environment: Environment::system(),
            zone: TimeZone::UTC,
            dates: Default::default(),
        };
        let field = Field::new(FieldId(uuid::Uuid::nil()), Name::literal("field"), "Field", kind);
        viewer.json(&field, json, Place::Cell).render().unwrap()
    }

    #[test]
    fn values_are_escaped() {
        let shown = show(FieldKind::Text { format: TextFormat::Line }, &json!("<script>alert(1)</script>"));
        assert_eq!(shown, "&#60;script&#62;alert(1)&#60;/script&#62;");
    }

    #[test]
    fn money_is_grouped_and_names_its_currency() {
        let shown = show(FieldKind::Currency, &json!({"amount": 1_250_000, "currency": "EUR"}));
        assert_eq!(shown, "1,250,000 EUR");
        assert_eq!(show(FieldKind::Currency, &json!({"amount": 1_250_000})), "1,250,000");
    }

    #[test]
    fn a_value_of_another_shape_is_still_shown() {
        assert_eq!(show(FieldKind::Currency, &json!("soon")), "soon");
        assert_eq!(show(FieldKind::Date, &json!(12)), "12");
        assert_eq!(show(FieldKind::FullName, &Json::Null), "<span class=\"none\">—</span>");
    }

    #[test]
    fn no_value_is_a_link_that_its_kind_does_not_mean() {
        let phone = |text: &str| show(FieldKind::Phones, &json!({"primary": text, "additional": []}));
        assert_eq!(phone("+49 30 12"), "<a href=\"tel:+493012\">+49 30 12</a>");
        assert_eq!(phone("java\"script:1 2"), "<a href=\"tel:12\">java&#34;script:1 2</a>");
        assert_eq!(phone("javascript:"), "javascript:");
        let website = |text: &str| show(FieldKind::SocialLinks, &json!({"website": text}));
        assert!(website("example.com/a").contains("href=\"https://example.com/a\""));
        for text in ["javascript:alert(1)", "javascript://x", "https://a@evil.test", "not a url", "//x"] {
            assert!(!website(text).contains("href"), "{text}: {}", website(text));
        }
        let relation = FieldKind::Relation { object: Name::literal("account") };
        assert!(!show(relation, &json!({"id": "../../sign-out", "label": "Acme"})).contains("href"));
    }
}
