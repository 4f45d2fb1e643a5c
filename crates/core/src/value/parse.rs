//! JSON input as typed values. What is wrong is said with its path and what was expected.

use serde_json::Value as Json;

use super::{
    Address, Emails, FullName, Money, Phones, SocialLinks, TargetReference, Value, decimal::format_scaled,
    decimal::parse_scaled,
};
use crate::{
    error::{Issue, join_path},
    filter::{FieldPath, Scalar},
    metadata::{Field, FieldKind, TextFormat},
    text::{fold, suggestion},
};

/// The longest one-line text, in characters.
pub const MAX_LINE: usize = 1_000;
/// The longest text of several lines, in characters.
pub const MAX_MARKDOWN: usize = 100_000;
/// The most additional mail addresses or telephone numbers.
pub const MAX_ADDITIONAL: usize = 50;
/// The largest JSON value, in bytes of its text.
const MAX_JSON: usize = 65_536;
/// The longest text that lists are sorted by or that no two records share, in bytes as it is compared:
/// PostgreSQL's indexes hold 2,704 bytes an entry, the id and what else is kept with it included.
const MAX_INDEXED: usize = 2_500;
/// The currency of an amount given without one.
const DEFAULT_CURRENCY: &str = "USD";

type Parsed<T> = Result<T, Issue>;

/// Reads a field's JSON. Parts of a composite value that the JSON does not name are kept from `current`.
///
/// # Errors
/// One issue, its path within the field.
pub fn parse_value(field: &Field, json: &Json, current: Option<&Value>) -> Parsed<Value> {
    if json.is_null() {
        return Ok(Value::Null);
    }
    let value = match &field.kind {
        FieldKind::Id => Value::Id(id(json)?),
        FieldKind::Text { format } => parse_text(json, *format)?,
        FieldKind::Number { decimals, min, max } => number(json, *decimals, *min, *max)?,
        FieldKind::Boolean => {
            Value::Boolean(json.as_bool().ok_or_else(|| wrong_type("true or false", json))?)
        }
        FieldKind::Date => Value::Date(parsed(json, "a date such as \"2026-03-01\"")?),
        FieldKind::DateTime => instant(json)?,
        FieldKind::Select { options } => {
            let text = string(json, "one of the options")?;
            let found =
                options.iter().find(|option| option.value == text || fold(&option.label) == fold(text));
            Value::Select(found.map(|option| option.value.clone()).ok_or_else(|| {
                let values: Vec<_> = options.iter().map(|option| option.value.as_str()).collect();
                let near = suggestion(text, values.iter().copied());
                Issue::new(
                    "",
                    "unknown_option",
                    format!("{text:?} is not one of {}.{near}", values.join(", ")),
                )
            })?)
        }
        FieldKind::Currency => money(json, current)?,
        FieldKind::FullName => full_name(json, current)?,
        FieldKind::Emails => {
            let (primary, additional) = contact_points(
                json,
                email,
                current.and_then(|value| match value {
                    Value::Emails(emails) => Some((emails.primary.clone(), emails.additional.clone())),
                    _ => None,
                }),
            )?;
            if primary.is_empty() && additional.is_empty() {
                Value::Null
            } else {
                Value::Emails(Emails { primary, additional })
            }
        }
        FieldKind::Phones => {
            let (primary, additional) = contact_points(
                json,
                phone,
                current.and_then(|value| match value {
                    Value::Phones(phones) => Some((phones.primary.clone(), phones.additional.clone())),
                    _ => None,
                }),
            )?;
            if primary.is_empty() && additional.is_empty() {
                Value::Null
            } else {
                Value::Phones(Phones { primary, additional })
            }
        }
        FieldKind::SocialLinks => {
            let current = match current {
                Some(Value::SocialLinks(links)) => links.parts().map(str::to_owned),
                _ => Default::default(),
            };
            let parts = parts(json, &field.kind, current)?;
            if parts.iter().all(String::is_empty) {
                Value::Null
            } else {
                Value::SocialLinks(Box::new(SocialLinks::from_parts(parts)))
            }
        }
        FieldKind::Address => {
            let current = match current {
                Some(Value::Address(address)) => address.parts().map(str::to_owned),
                _ => Default::default(),
            };
            let parts = parts(json, &field.kind, current)?;
            if parts.iter().all(String::is_empty) {
                Value::Null
            } else {
                Value::Address(Box::new(Address::from_parts(parts)))
            }
        }
        FieldKind::Relation { .. } => Value::Relation(id(json)?),
        FieldKind::Target { objects } => target(json, objects)?,
        FieldKind::Position => match json.as_f64() {
            Some(position) if position.is_finite() => Value::Position(position),
            _ => return Err(wrong_type("a number", json)),
        },
        FieldKind::Json => {
            if json.to_string().len() > MAX_JSON {
                return Err(Issue::new("", "too_long", format!("expected at most {MAX_JSON} bytes of JSON")));
            }
            no_nul_within(json)?;
            Value::Json(Box::new(json.clone()))
        }
        FieldKind::Actor => return Err(Issue::new("", "read_only", "is written by the system")),
    };
    check_indexed(field, &value)?;
    Ok(value)
}

/// Refuses what an index of the field could not hold, which a few hundred characters of some scripts are.
fn check_indexed(field: &Field, value: &Value) -> Parsed<()> {
    if !(field.is_indexed || field.is_unique) {
        return Ok(());
    }
    let path = FieldPath::of(field, field.kind.parts().first().copied().unwrap_or_default());
    match path.cell(field, value) {
        Some(Scalar::Text(text)) if text.len() > MAX_INDEXED => {
            let message = format!("expected at most {MAX_INDEXED} bytes, since records are sorted by it");
            Err(Issue::new("", "too_long", message))
        }
        _ => Ok(()),
    }
}

fn parse_text(json: &Json, format: TextFormat) -> Parsed<Value> {
    let text = string(json, "text")?;
    let text = match format {
        TextFormat::Line => {
            let line = bounded(text.trim(), MAX_LINE)?;
            if line.contains(['\n', '\r']) {
                return Err(Issue::new("", "not_one_line", "expected one line of text"));
            }
            line.to_owned()
        }
        TextFormat::Markdown => bounded(text, MAX_MARKDOWN)?.to_owned(),
        TextFormat::Domain => domain(text)?,
    };
    Ok(if text.is_empty() { Value::Null } else { Value::Text(text) })
}

/// The host of an address or URL, in lower case without `www.`.
fn domain(text: &str) -> Parsed<String> {
    let lower = bounded(text.trim(), MAX_LINE)?.to_lowercase();
    let host = lower.split_once("://").map_or(lower.as_str(), |(_, rest)| rest);
    let host = host.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let host = host.strip_prefix("www.").unwrap_or(host).trim_end_matches('.');
    let labels_hold = host.split('.').all(|label| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    });
    match host {
        "" => Ok(String::new()),
        host if host.contains('.') && host.len() <= 253 && labels_hold => Ok(host.to_owned()),
        _ => Err(Issue::new("", "invalid_domain", format!("{text:?} is not a domain such as example.com"))),
    }
}

fn number(json: &Json, decimals: u8, min: Option<i64>, max: Option<i64>) -> Parsed<Value> {
    let scaled = parse_scaled(json, decimals).map_err(|why| Issue::new("", "wrong_type", why))?;
    let outside = min.is_some_and(|min| scaled < min) || max.is_some_and(|max| scaled > max);
    if outside {
        let bound = |bound: Option<i64>| bound.map(|bound| format_scaled(bound, decimals));
        let range = match (bound(min), bound(max)) {
            (Some(min), Some(max)) => format!("from {min} to {max}"),
            (Some(min), None) => format!("of at least {min}"),
            (None, max) => format!("of at most {}", max.unwrap_or_default()),
        };
        return Err(Issue::new("", "out_of_range", format!("expected a number {range}")));
    }
    Ok(Value::Number(scaled))
}

/// A timestamp, or a date, which means its first instant in UTC.
fn instant(json: &Json) -> Parsed<Value> {
    const EXPECTED: &str = "a timestamp such as \"2026-03-01T09:30:00Z\"";
    let text = string(json, EXPECTED)?;
    let text = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    parsed(&Json::String(text), EXPECTED).map(Value::DateTime)
}

fn money(json: &Json, current: Option<&Value>) -> Parsed<Value> {
    let current = match current {
        Some(Value::Money(money)) => Some(money),
        _ => None,
    };
    let (amount, currency) = match json {
        Json::Object(map) => {
            known_keys(map, &["amount", "currency"])?;
            (map.get("amount"), map.get("currency"))
        }
        plain => (Some(plain), None),
    };
    let micros = match (amount, current) {
        (Some(Json::Null), _) => return Ok(Value::Null),
        (None, None) => {
            let message = "expected an amount beside the currency, such as 1250.50; null empties the field";
            return Err(Issue::new("amount", "required", message));
        }
        (None, Some(current)) => current.micros,
        (Some(amount), _) => parse_scaled(amount, Money::DECIMALS).map_err(|why| {
            Issue::new("amount", "wrong_type", format!("{why}; an amount is a number such as 1250.50"))
        })?,
    };
    let currency = match currency {
        None | Some(Json::Null) => {
            current.map_or_else(|| DEFAULT_CURRENCY.to_owned(), |money| money.currency.clone())
        }
        Some(code) => {
            let code =
                string(code, "a currency code").map_err(|issue| issue.within("currency"))?.to_uppercase();
            if code.len() != 3 || !code.bytes().all(|b| b.is_ascii_uppercase()) {
                return Err(Issue::new(
                    "currency",
                    "invalid_currency",
                    format!("{code:?} is not an ISO 4217 code such as USD"),
                ));
            }
            code
        }
    };
    Ok(Value::Money(Money { micros, currency }))
}

fn full_name(json: &Json, current: Option<&Value>) -> Parsed<Value> {
    let mut name = match current {
        Some(Value::FullName(name)) => name.clone(),
        _ => FullName::default(),
    };
    match json {
        Json::String(text) => {
            let text = line(text)?;
            let (first, last) = text.rsplit_once(' ').unwrap_or((text, ""));
            name = FullName { first: first.trim().to_owned(), last: last.to_owned() };
        }
        Json::Object(map) => {
            known_keys(map, &["first", "last"])?;
            for (key, part) in [("first", &mut name.first), ("last", &mut name.last)] {
                match map.get(key) {
                    None => {}
                    Some(Json::Null) => part.clear(),
                    Some(json) => {
                        *part = string(json, "text")
                            .and_then(line)
                            .map_err(|issue| issue.within(key))?
                            .to_owned();
                    }
                }
            }
        }
        other => return Err(wrong_type("a name: {\"first\": …, \"last\": …}", other)),
    }
    Ok(if name == FullName::default() { Value::Null } else { Value::FullName(name) })
}

/// A primary value and others, each checked by `check`: a plain text stands for the primary one.
fn contact_points(
    json: &Json,
    check: fn(&str) -> Parsed<String>,
    current: Option<(String, Vec<String>)>,
) -> Parsed<(String, Vec<String>)> {
    let (mut primary, mut additional) = current.unwrap_or_default();
    match json {
        Json::String(text) => primary = check(text)?,
        Json::Object(map) => {
            known_keys(map, &["primary", "additional"])?;
            match map.get("primary") {
                None => {}
                Some(Json::Null) => primary.clear(),
                Some(json) => {
                    primary =
                        string(json, "text").and_then(check).map_err(|issue| issue.within("primary"))?;
                }
            }
            match map.get("additional") {
                None => {}
                Some(Json::Null) => additional.clear(),
                Some(Json::Array(items)) if items.len() <= MAX_ADDITIONAL => {
                    additional = items
                        .iter()
                        .enumerate()
                        .map(|(index, item)| {
                            string(item, "text")
                                .and_then(check)
                                .map_err(|issue| issue.within(&format!("additional[{index}]")))
                        })
                        .collect::<Parsed<Vec<_>>>()?;
                    additional.retain(|item| !item.is_empty());
                }
                Some(other) => {
                    return Err(wrong_type(&format!("a list of at most {MAX_ADDITIONAL} texts"), other)
                        .within("additional"));
                }
            }
        }
        other => return Err(wrong_type("text or {\"primary\": …, \"additional\": […]}", other)),
    }
    Ok((primary, additional))
}

fn email(text: &str) -> Parsed<String> {
    let address = line(text)?.to_lowercase();
    let holds = match address.rsplit_once('@') {
        Some((local, host)) => {
            !local.is_empty()
                && local.len() <= 64
                && host.len() <= 253
                && !host.is_empty()
                && !host.starts_with('.')
                && !host.ends_with('.')
                && !address.contains(|c: char| c.is_whitespace() || c.is_control() || "<>,;\"".contains(c))
        }
        None => address.is_empty(),
    };
    if holds {
        Ok(address)
    } else {
        Err(Issue::new(
            "",
            "invalid_email",
            format!("{text:?} is not a mail address such as jane@example.com"),
        ))
    }
}

fn phone(text: &str) -> Parsed<String> {
    let number = line(text)?;
    let digits = number.chars().filter(char::is_ascii_digit).count();
    let plain = number.chars().all(|c| c.is_ascii_digit() || " +-().,/x#*".contains(c));
    if number.is_empty() || (plain && (3..=20).contains(&digits)) {
        Ok(number.to_owned())
    } else {
        Err(Issue::new(
            "",
            "invalid_phone",
            format!("{text:?} is not a telephone number such as +49 30 123456"),
        ))
    }
}

/// The texts of a composite of five parts.
fn parts(json: &Json, kind: &FieldKind, current: [String; 5]) -> Parsed<[String; 5]> {
    let Json::Object(map) = json else {
        return Err(wrong_type(&format!("an object of {}", kind.parts().join(", ")), json));
    };
    known_keys(map, kind.parts())?;
    let mut parts = current;
    for (name, part) in kind.parts().iter().zip(&mut parts) {
        match map.get(*name) {
            None => {}
            Some(Json::Null) => part.clear(),
            Some(json) => {
                *part = string(json, "text").and_then(line).map_err(|issue| issue.within(name))?.to_owned()
            }
        }
    }
    Ok(parts)
}

fn target(json: &Json, objects: &[crate::metadata::Name]) -> Parsed<Value> {
    let Json::Object(map) = json else {
        return Err(wrong_type("a target: {\"object\": …, \"id\": …}", json));
    };
    known_keys(map, &["object", "id", "name"])?;
    let object = string(map.get("object").unwrap_or(&Json::Null), "an object's name")
        .map_err(|issue| issue.within("object"))?;
    let object = objects.iter().find(|known| known.as_str() == object).ok_or_else(|| {
        let names: Vec<_> = objects.iter().map(|name| name.as_str()).collect();
        let near = suggestion(object, names.iter().copied());
        Issue::new(
            "object",
            "unknown_object",
            format!("{object:?} is not one of {}.{near}", names.join(", ")),
        )
    })?;
    let id = id(map.get("id").unwrap_or(&Json::Null)).map_err(|issue| issue.within("id"))?;
    let target = TargetReference { object: object.clone(), id: Some(id), name: String::new() };
    Ok(Value::Target(Box::new(target)))
}

fn id(json: &Json) -> Parsed<crate::ids::RecordId> {
    parsed(json, "an id such as \"018f2b6e-7c1a-7000-8000-000000000001\"")
}

fn parsed<T: std::str::FromStr>(json: &Json, expected: &str) -> Parsed<T> {
    string(json, expected)?.parse().map_err(|_| wrong_type(expected, json))
}

fn string<'a>(json: &'a Json, expected: &str) -> Parsed<&'a str> {
    let text = json.as_str().ok_or_else(|| wrong_type(expected, json))?;
    no_nul(text)?;
    Ok(text)
}

/// A NUL byte: PostgreSQL cannot hold one, so neither engine does.
fn no_nul(text: &str) -> Parsed<()> {
    if text.contains('\0') {
        return Err(Issue::new("", "nul_byte", "expected text without NUL bytes"));
    }
    Ok(())
}

/// As [`no_nul`], for all texts and keys of a JSON value, which is no deeper than a parser lets it be.
fn no_nul_within(json: &Json) -> Parsed<()> {
    match json {
        Json::String(text) => no_nul(text),
        Json::Array(items) => items.iter().try_for_each(no_nul_within),
        Json::Object(map) => {
            map.iter().try_for_each(|(key, item)| no_nul(key).and_then(|()| no_nul_within(item)))
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => Ok(()),
    }
}

fn line(text: &str) -> Parsed<&str> {
    no_nul(text)?;
    bounded(text.trim(), MAX_LINE)
}

fn bounded(text: &str, limit: usize) -> Parsed<&str> {
    if text.chars().count() > limit {
        return Err(Issue::new("", "too_long", format!("expected at most {limit} characters")));
    }
    Ok(text)
}

fn known_keys(map: &serde_json::Map<String, Json>, known: &[&str]) -> Parsed<()> {
    match map.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => {
            let near = suggestion(key, known.iter().copied());
            Err(Issue::new(
                join_path("", key),
                "unknown_part",
                format!("{key:?} is not one of {}.{near}", known.join(", ")),
            ))
        }
    }
}

fn wrong_type(expected: &str, json: &Json) -> Issue {
    let given = match json {
        Json::Null => "nothing".to_owned(),
        Json::Array(_) => "a list".to_owned(),
        Json::Object(_) => "an object".to_owned(),
        other => crate::text::excerpt(&other.to_string(), 60),
    };
    Issue::new("", "wrong_type", format!("expected {expected}, got {given}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{ids::FieldId, metadata::Name};

    fn parse(kind: FieldKind, json: Json) -> Parsed<Value> {
        let field = Field::new(FieldId(uuid::Uuid::nil()), Name::literal("f"), "F", kind);
        parse_value(&field, &json, None)
    }

    #[test]
    fn domains_are_reduced_to_their_host() {
        let kind = || FieldKind::Text { format: TextFormat::Domain };
        for text in ["https://www.Acme.com/about?x=1", "ACME.com", "acme.com."] {
            assert_eq!(parse(kind(), json!(text)), Ok(Value::Text("acme.com".to_owned())), "{text}");
        }
        assert_eq!(parse(kind(), json!("not a domain")).unwrap_err().code, "invalid_domain");
    }

    #[test]
    fn money_takes_a_number_or_an_amount_with_currency() {
        let usd = Money { micros: 1_250_500_000, currency: "USD".to_owned() };
        assert_eq!(parse(FieldKind::Currency, json!(1250.5)), Ok(Value::Money(usd)));
        let eur = Money { micros: 7_000_000, currency: "EUR".to_owned() };
        assert_eq!(
            parse(FieldKind::Currency, json!({"amount": "7", "currency": "eur"})),
            Ok(Value::Money(eur))
        );
        assert_eq!(
            parse(FieldKind::Currency, json!({"amount": 1, "currency": "EURO"})).unwrap_err().path,
            "currency"
        );
        assert_eq!(parse(FieldKind::Currency, json!({"amuont": 1})).unwrap_err().code, "unknown_part");
    }

    #[test]
    fn a_currency_without_an_amount_is_refused_unless_there_is_one_already() {
        let missing = parse(FieldKind::Currency, json!({"currency": "EUR"})).unwrap_err();
        assert_eq!((missing.path.as_str(), &*missing.code), ("amount", "required"));
        assert_eq!(parse(FieldKind::Currency, json!({"amount": null, "currency": "EUR"})), Ok(Value::Null));
        let field = Field::new(FieldId(uuid::Uuid::nil()), Name::literal("f"), "F", FieldKind::Currency);
        let current = parse_value(&field, &json!(7), None).unwrap();
        let eur = Money { micros: 7_000_000, currency: "EUR".to_owned() };
        assert_eq!(parse_value(&field, &json!({"currency": "EUR"}), Some(&current)), Ok(Value::Money(eur)));
    }

    #[test]
    fn wrong_values_are_refused_with_what_was_expected() {
        for (kind, json, code) in [
            (FieldKind::Boolean, json!("yes"), "wrong_type"),
            (FieldKind::Date, json!("2026-13-01"), "wrong_type"),
            (FieldKind::Emails, json!("nobody"), "invalid_email"),
            (FieldKind::Phones, json!("call me"), "invalid_phone"),
            (FieldKind::Text { format: TextFormat::Line }, json!("a\0b"), "nul_byte"),
            (FieldKind::Text { format: TextFormat::Line }, json!("a\nb"), "not_one_line"),
            (FieldKind::Text { format: TextFormat::Line }, json!("x".repeat(1_001)), "too_long"),
            (FieldKind::Json, json!({"a": "\0"}), "nul_byte"),
            (FieldKind::Json, json!([{"\0": 1}]), "nul_byte"),
            (FieldKind::Relation { object: Name::literal("account") }, json!("42"), "wrong_type"),
        ] {
            assert_eq!(parse(kind, json.clone()).unwrap_err().code, code, "{json}");
        }
    }

    #[test]
    fn what_an_index_could_not_hold_is_refused_where_there_is_one() {
        let mut field = Field::new(FieldId(uuid::Uuid::nil()), Name::literal("f"), "F", FieldKind::FullName);
        let long = json!({"first": "漢".repeat(500), "last": "字".repeat(500)});
        assert!(parse_value(&field, &long, None).is_ok());
        field.is_indexed = true;
        assert_eq!(parse_value(&field, &long, None).unwrap_err().code, "too_long");
        let latin = json!({"first": "a".repeat(1_000), "last": "b".repeat(1_000)});
        assert!(parse_value(&field, &latin, None).is_ok());
    }

    #[test]
    fn a_composite_keeps_the_parts_that_are_not_named() {
        let field = Field::new(FieldId(uuid::Uuid::nil()), Name::literal("f"), "F", FieldKind::Address);
        let current = parse_value(&field, &json!({"city": "Bonn", "country": "DE"}), None).unwrap();
        let merged = parse_value(&field, &json!({"city": "Köln"}), Some(&current)).unwrap();
        let Value::Address(address) = merged else { panic!("{merged:?}") };
        assert_eq!((address.city.as_str(), address.country.as_str()), ("Köln", "DE"));
    }
}
