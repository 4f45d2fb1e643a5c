use serde_json::json;

use super::*;
use crate::{actor::Actor, error::Issue, ids::FieldId, locale::Locale, time::Timestamp, value::parse_value};

fn field(kind: FieldKind) -> Field {
    Field::new(FieldId(uuid::Uuid::nil()), Name::literal("f"), "F", kind)
}

/// The value, or the first thing that is wrong.
fn parse(kind: FieldKind, json: Json) -> Result<Value, Issue> {
    parse_value(&field(kind), &json, None, &Locale::default()).map_err(|mut issues| issues.remove(0))
}

fn shown(kind: FieldKind, json: Json) -> Json {
    parse(kind.clone(), json).unwrap().to_json(&kind)
}

/// Path and code of each mistake.
fn wrong(kind: FieldKind, json: Json) -> Vec<(String, String)> {
    let issues = parse_value(&field(kind), &json, None, &Locale::default()).unwrap_err();
    issues.into_iter().map(|issue| (issue.path, issue.code.into_owned())).collect()
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
    assert_eq!(parse(FieldKind::Currency, json!({"amount": "7", "currency": "eur"})), Ok(Value::Money(eur)));
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
    let current = parse_value(&field, &json!(7), None, &Locale::default()).unwrap();
    let eur = Money { micros: 7_000_000, currency: "EUR".to_owned() };
    assert_eq!(
        parse_value(&field, &json!({"currency": "EUR"}), Some(&current), &Locale::default()),
        Ok(Value::Money(eur))
    );
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
    assert!(parse_value(&field, &long, None, &Locale::default()).is_ok());
    field.is_indexed = true;
    assert_eq!(parse_value(&field, &long, None, &Locale::default()).unwrap_err()[0].code, "too_long");
    let latin = json!({"first": "a".repeat(1_000), "last": "b".repeat(1_000)});
    assert!(parse_value(&field, &latin, None, &Locale::default()).is_ok());
}

#[test]
fn a_composite_keeps_the_parts_that_are_not_named() {
    let field = Field::new(FieldId(uuid::Uuid::nil()), Name::literal("f"), "F", FieldKind::Address);
    let current =
        parse_value(&field, &json!({"city": "Bonn", "country": "DE"}), None, &Locale::default()).unwrap();
    let merged = parse_value(&field, &json!({"city": "Köln"}), Some(&current), &Locale::default()).unwrap();
    let Value::Address(address) = merged else { panic!("{merged:?}") };
    assert_eq!((address.city.as_str(), address.country.as_str()), ("Köln", "DE"));
}

#[test]
fn a_mail_address_is_taken_out_of_what_it_was_copied_with() {
    for text in [
        "Jane@Example.com",
        " mailto:jane@example.com ",
        "MAILTO:jane@example.com?subject=Hi",
        "Jane Doe <jane@example.com>",
        "\"Doe, Jane\" <Jane@example.com>",
        "<jane@example.com>",
    ] {
        assert_eq!(shown(FieldKind::Emails, json!(text))["primary"], "jane@example.com", "{text}");
    }
    for text in [
        "a@b@c.com",
        "mailto:",
        "Jane <jane>",
        "a@x.test, Bob <b@x.test>",
        "a@x.test b@x.test",
        "@x.test",
        "a@",
        "a@.test",
        "a@x..test",
        ".a@x.test",
        "a..b@x.test",
        "a@-x.test",
        "a:b@x.test",
        "a\u{200b}b@x.test",
        "ａb@x.test",
        "a@ｘ.test",
    ] {
        let issue = parse(FieldKind::Emails, json!(text)).unwrap_err();
        assert_eq!(issue.code, "invalid_email", "{text}");
        assert!(issue.message.starts_with(&format!("{text:?} is not a mail address")), "{}", issue.message);
    }
}

#[test]
fn an_address_or_number_that_is_repeated_is_kept_once() {
    let emails = json!({"primary": "t@one.example", "additional": ["T@one.example", "u@one.example", "U@ONE.example"]});
    assert_eq!(
        shown(FieldKind::Emails, emails),
        json!({"primary": "t@one.example", "additional": ["u@one.example"]})
    );
    let phones = json!({"primary": "+49 30 1234", "additional": ["0049 (0)30-1234", "+49 30 1235"]});
    assert_eq!(
        shown(FieldKind::Phones, phones),
        json!({"primary": "+49 30 1234", "additional": ["+49 30 1235"]})
    );
}

#[test]
fn every_mistake_of_a_composite_is_told_at_its_place() {
    let emails = json!({"primary": "x", "additional": ["a@b.c", "y"], "work": "z"});
    assert_eq!(
        wrong(FieldKind::Emails, emails),
        [("primary", "invalid_email"), ("additional[1]", "invalid_email"), ("work", "unknown_part")]
            .map(|(path, code)| (path.to_owned(), code.to_owned()))
    );
    let address = json!({"city": 1, "street": "x".repeat(1_001), "town": "y"});
    assert_eq!(
        wrong(FieldKind::Address, address),
        [("town", "unknown_part"), ("city", "wrong_type"), ("street", "too_long")]
            .map(|(path, code)| (path.to_owned(), code.to_owned()))
    );
}

#[test]
fn a_link_has_a_scheme_of_the_web_and_a_host() {
    let website = |text: &str| parse(FieldKind::SocialLinks, json!({"website": text}));
    for (text, kept) in [
        ("example.com", "https://example.com"),
        ("www.example.com/a?b=1#c", "https://www.example.com/a?b=1#c"),
        ("HTTP://Example.com:8080", "http://Example.com:8080"),
        ("http://localhost/x", "http://localhost/x"),
        ("https://münchen.de", "https://münchen.de"),
        ("http://[::1]:80/", "http://[::1]:80/"),
    ] {
        let Ok(Value::SocialLinks(links)) = website(text) else { panic!("{text}") };
        assert_eq!(links.website, kept);
    }
    for text in [
        "not a url",
        "javascript:alert(1)",
        "JavaScript://example.com/%0aalert(1)",
        "data:text/html,x",
        "mailto:a@b.c",
        "ftp://example.com",
        "https://",
        "https:///path",
        "https://user@example.com",
        "https://example.com:99999",
        "https://exa mple.com",
        "/about",
        "about",
        "@jane",
    ] {
        let issue = website(text).unwrap_err();
        assert_eq!((issue.path.as_str(), &*issue.code), ("website", "invalid_link"), "{text}");
    }
}

#[test]
fn an_amount_is_read_as_people_write_it_and_refused_where_it_may_be_two() {
    let money = |json| parse(FieldKind::Currency, json);
    for (json, amount, currency) in [
        (json!("10k"), json!(10_000), "USD"),
        (json!("10.000,50 EUR"), json!(10_000.5), "EUR"),
        (json!({"amount": "€5k"}), json!(5_000), "EUR"),
        (json!({"amount": "1,250.50", "currency": "usd"}), json!(1250.5), "USD"),
        (json!({"amount": 0.001, "currency": "KWD"}), json!(0.001), "KWD"),
        (json!({"amount": "1.5e3"}), json!(1_500), "USD"),
    ] {
        let shown = shown(FieldKind::Currency, json.clone());
        assert_eq!((&shown["amount"], &shown["currency"]), (&amount, &json!(currency)), "{json}");
    }
    for (json, path, code) in [
        (json!("12.500"), "", "ambiguous"),
        (json!({"amount": "12.500"}), "amount", "ambiguous"),
        (json!({"amount": "ten"}), "amount", "wrong_type"),
        (json!({"amount": "5 EUR", "currency": "USD"}), "currency", "contradicts_amount"),
        (json!({"amount": 5, "currency": "EUO"}), "currency", "invalid_currency"),
        (json!({"amount": 5, "currency": ""}), "currency", "invalid_currency"),
        (json!({"amount": 12.345_678}), "amount", "too_many_decimals"),
        (json!({"amount": 0.5, "currency": "JPY"}), "amount", "too_many_decimals"),
    ] {
        let issue = money(json.clone()).unwrap_err();
        assert_eq!((issue.path.as_str(), &*issue.code), (path, code), "{json}");
    }
    assert_eq!(
        money(json!(12.345_678)).unwrap_err().message,
        "12.345678 has more than the 2 decimals of an amount in USD"
    );
}

#[test]
fn an_amount_below_zero_is_refused_where_there_is_none() {
    let mut amount = field(FieldKind::Currency);
    assert!(parse_value(&amount, &json!(-100), None, &Locale::default()).is_ok());
    amount.is_never_negative = true;
    let issues = parse_value(&amount, &json!(-100), None, &Locale::default()).unwrap_err();
    assert_eq!(issues[0].message, "expected an amount of at least 0, got -100 USD");
    assert!(parse_value(&amount, &json!(0), None, &Locale::default()).is_ok());
}

#[test]
fn a_limit_is_told_with_what_was_typed_and_its_thousands_apart() {
    let issue = parse(FieldKind::Currency, json!("999999999999999999999999999")).unwrap_err();
    assert_eq!(issue.message, "999,999,999,999,999,999,999,999,999 is too large: at most 9,000,000,000,000");
    let count = FieldKind::Number { decimals: 0, min: Some(1_000), max: None };
    assert_eq!(parse(count, json!(20)).unwrap_err().message, "expected a number of at least 1,000, got 20");
    let line = parse(FieldKind::Text { format: TextFormat::Line }, json!("x".repeat(1_001))).unwrap_err();
    assert_eq!(line.message, "expected at most 1,000 characters");
}

#[test]
fn a_percentage_is_read_where_the_bounds_are_those_of_one() {
    let number = |max| FieldKind::Number { decimals: 0, min: Some(0), max: Some(max) };
    for text in ["60%", "60 %", "60 percent", "60"] {
        assert_eq!(parse(number(100), json!(text)), Ok(Value::Number(60)), "{text}");
    }
    assert_eq!(parse(number(1_000), json!("60%")).unwrap_err().code, "wrong_type");
    assert_eq!(parse(number(100), json!("160%")).unwrap_err().code, "out_of_range");
    assert_eq!(parse(number(1_000), json!("1,000")), Ok(Value::Number(1_000)));
}

#[test]
fn a_day_that_nobody_means_is_refused() {
    for (kind, text) in [
        (FieldKind::Date, "0001-01-01"),
        (FieldKind::Date, "3000-01-01"),
        (FieldKind::DateTime, "0202-03-01T09:30:00Z"),
    ] {
        let issue = parse(kind, json!(text)).unwrap_err();
        assert_eq!(issue.code, "out_of_range", "{text}");
        assert_eq!(issue.message, format!("expected a day in the years 1900 to 2999, got {text}"));
    }
    assert!(parse(FieldKind::Date, json!("1900-01-01")).is_ok());
    assert!(parse(FieldKind::DateTime, json!("2999-12-31")).is_ok());
}

/// A value of every kind, as records hold them.
fn one_of_each() -> Vec<(FieldKind, Value)> {
    let name = Name::literal("account");
    let option = SelectOption {
        value: "WON".to_owned(),
        label: "Won".to_owned(),
        color: "green".to_owned(),
        outcome: Some(Outcome::Won),
        probability: None,
    };
    let number = |decimals| FieldKind::Number { decimals, min: Some(0), max: None };
    let texts = ["a", "b", "c", "", "e"].map(str::to_owned);
    let id = uuid::Uuid::from_u128(7).into();
    let target = TargetReference { object: name.clone(), id: Some(id), name: "Acme".to_owned() };
    vec![
        (FieldKind::Id, Value::Id(id)),
        (FieldKind::Text { format: TextFormat::Line }, Value::Text("Über".to_owned())),
        (FieldKind::Text { format: TextFormat::Markdown }, Value::Text("# A\n".to_owned())),
        (FieldKind::Text { format: TextFormat::Domain }, Value::Text("acme.com".to_owned())),
        (number(0), Value::Number(125)),
        (number(1), Value::Number(-125)),
        (FieldKind::Boolean, Value::Boolean(true)),
        (FieldKind::Date, Value::Date("2026-03-01".parse().unwrap())),
        (FieldKind::DateTime, Value::DateTime(Timestamp::EPOCH)),
        (FieldKind::Select { options: vec![option] }, Value::Select("WON".to_owned())),
        (FieldKind::Currency, Value::Money(Money { micros: 1_500_000, currency: "EUR".to_owned() })),
        (
            FieldKind::FullName,
            Value::FullName(FullName { first: "Ada".to_owned(), last: "Brandt".to_owned() }),
        ),
        (
            FieldKind::Emails,
            Value::Emails(Emails { primary: "a@x.test".to_owned(), additional: vec!["b@x.test".to_owned()] }),
        ),
        (
            FieldKind::Phones,
            Value::Phones(Phones { primary: "+49 30 12".to_owned(), additional: Vec::new() }),
        ),
        (FieldKind::SocialLinks, Value::SocialLinks(Box::new(SocialLinks::from_parts(texts.clone())))),
        (FieldKind::Address, Value::Address(Box::new(Address::from_parts(texts)))),
        (FieldKind::Actor, Value::Actor(Box::new(Actor::SYSTEM))),
        (FieldKind::Relation { object: name.clone() }, Value::Relation(id)),
        (FieldKind::Target { objects: vec![name] }, Value::Target(Box::new(target))),
        (FieldKind::Position, Value::Position(1.5)),
        (FieldKind::Json, Value::Json(Box::new(json!({"a": [1, null]})))),
    ]
}

#[test]
fn a_value_comes_back_from_its_cells_and_from_what_is_shown_of_it() {
    for (kind, value) in one_of_each() {
        let field = field(kind.clone());
        let cells = value.to_cells(&field);
        let columns = field.columns();
        assert_eq!(cells.len(), columns.len(), "{}", kind.name());
        let stored = cells.into_iter().zip(&columns).filter(|(_, column)| !column.is_folded);
        assert_eq!(Value::from_cells(&field, stored.map(|(cell, _)| cell)), value);
        assert_eq!(kind.shown_as(&value.to_json(&kind)), Some(value));
        assert_eq!(kind.shown_as(&Json::Null), None, "{}", kind.name());
        let nothing = Value::Null.to_cells(&field);
        assert_eq!(nothing, vec![None; columns.len()]);
        assert_eq!(Value::from_cells(&field, nothing.into_iter()), Value::Null);
        assert_eq!(Value::Null.to_json(&kind), Json::Null);
    }
}

#[test]
fn a_kind_has_one_name_and_its_settings_make_it_again() {
    for (kind, _) in one_of_each() {
        let json = serde_json::to_value(&kind).unwrap();
        assert_eq!(json["kind"], kind.name());
        let is_number = matches!(kind, FieldKind::Number { .. });
        let settings = json.get("settings").cloned().unwrap_or_else(|| json!({}));
        assert!(is_number || settings == kind.settings(), "{}", kind.name());
        assert_eq!(serde_json::from_value::<FieldKind>(json).unwrap(), kind);
    }
    let chance = FieldKind::Number { decimals: 1, min: Some(0), max: Some(1_000) };
    assert_eq!(chance.settings(), json!({"decimals": 1, "min": 0, "max": 100}));
}

#[test]
fn every_part_is_compared_by_a_column_of_its_field() {
    for (kind, value) in one_of_each() {
        let field = field(kind.clone());
        let parts = if kind.parts().is_empty() { &[""] } else { kind.parts() };
        for part in parts {
            let path = crate::filter::FieldPath::of(&field, part);
            let column = path.column(&field);
            assert!(field.columns().iter().any(|known| known.name == column), "{} {part}", kind.name());
            let is_filled = !["instagram", "postal_code", "kind", "name", "id", "member"].contains(part);
            assert!(!is_filled || path.cell(&field, &value).is_some(), "{} {part}", kind.name());
        }
    }
}
