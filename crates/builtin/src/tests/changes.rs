//! Several fields in one sentence, and parts of fields.

use serde_json::{Value, json};

use super::{Chat, Did, catalogue, deals, hits};

/// What is written after a sentence about the deal on the page.
#[track_caller]
fn of_deal(said: &str) -> Value {
    let (tool, mut arguments) =
        Chat::new().looking_at("deal", "Acme renewal", "d1", "/records/deals").say(said).call();
    assert_eq!((tool.as_str(), arguments["id"].as_str()), ("deal.update", Some("d1")), "{said}");
    arguments.as_object_mut().unwrap().remove("id");
    arguments
}

/// The same for the account on the page.
#[track_caller]
fn of_account(said: &str) -> Value {
    let (tool, mut arguments) =
        Chat::new().looking_at("account", "Acme", "a1", "/records/accounts").say(said).call();
    assert_eq!((tool.as_str(), arguments["id"].as_str()), ("account.update", Some("a1")), "{said}");
    arguments.as_object_mut().unwrap().remove("id");
    arguments
}

#[test]
fn several_fields_are_written_by_one_update() {
    let both = json!({"amount": {"amount": 20_000}, "close_date": "2026-11-27"});
    for said in [
        "set the amount to 20k and the close date to friday",
        "set its amount to 20k and its close date to friday",
        "set the amount of this deal to 20k, the close date to friday",
        "set the amount to 20k and set the close date to friday",
        "set the amount to 20k and close date friday",
        "set the amount to 20k and the close date to friday for this deal",
    ] {
        assert_eq!(of_deal(said), both, "{said}");
    }
    assert_eq!(
        of_deal("move it to negotiation, set its probability to 60 and assign it to me"),
        json!({"stage": "NEGOTIATION", "probability": 60, "owner": super::ADA})
    );
    assert_eq!(
        of_deal("rename it to Acme and Sons and set the renewal risk to high"),
        json!({"name": "Acme and Sons", "renewal_risk": "HIGH"})
    );
    assert_eq!(
        of_account("set the industry to research, design and consulting"),
        json!({"industry": "research, design and consulting"})
    );
}

#[test]
fn a_dash_before_a_number_is_its_sign() {
    assert_eq!(of_deal("set its amount to -250.5"), json!({"amount": {"amount": -250.5}}));
    assert_eq!(
        of_deal("set its amount to -2k eur"),
        json!({"amount": {"amount": -2_000, "currency": "EUR"}})
    );
}

#[test]
fn parts_of_a_field_are_written_by_their_names() {
    for (said, arguments) in [
        ("set its city to Bonn", json!({"address": {"city": "Bonn"}})),
        ("set the address city to Bonn", json!({"address": {"city": "Bonn"}})),
        ("set the zip code of this account to 53111", json!({"address": {"postal_code": "53111"}})),
        (
            "set the city to Bad Godesberg and the street to Am Markt 1",
            json!({"address": {"city": "Bad Godesberg", "street": "Am Markt 1"}}),
        ),
        (
            "set the address to street Am Markt 1, city Bonn",
            json!({"address": {"city": "Bonn", "street": "Am Markt 1"}}),
        ),
        ("set its city to nothing", json!({"address": {"city": ""}})),
        ("set its address to nothing", json!({"address": null})),
        (
            "set the city to Bonn and its industry to Software",
            json!({"address": {"city": "Bonn"}, "industry": "Software"}),
        ),
    ] {
        assert_eq!(of_account(said), arguments, "{said}");
    }
    let mut chat = Chat::new().looking_at("contact", "Jane Doe", "c1", "/records/contacts");
    assert_eq!(chat.say("set her last name to Roe").call().1, json!({"id": "c1", "name": {"last": "Roe"}}));
    // Whatever was spoken of before and has a name, too.
    let mut chat = Chat::new().looking_at("account", "Acme", "a1", "/records/accounts");
    let (tool, arguments) = chat.say("set the last name of Jane Doe to Roe and her city to Mainz").call();
    assert_eq!((tool.as_str(), &arguments["search"]), ("contact.find", &json!("Jane Doe")));
    let call = chat.result(hits(&[("contact", "c1", "Jane Doe")])).call();
    assert_eq!(call.1, json!({"id": "c1", "name": {"last": "Roe"}, "address": {"city": "Mainz"}}));
}

#[test]
fn a_record_is_found_by_name_and_then_updated() {
    let mut chat = Chat::new();
    let (tool, arguments) = chat.say("set the city of Acme to Bonn").call();
    assert_eq!(tool, "search");
    assert_eq!(arguments, json!({"query": "Acme", "objects": ["account", "contact"], "limit": 8}));
    let call = chat.result(hits(&[("account", "a1", "Acme")])).call();
    assert_eq!(call, ("account.update".to_owned(), json!({"id": "a1", "address": {"city": "Bonn"}})));
}

#[test]
fn two_records_are_changed_by_one_sentence() {
    let mut chat = Chat::new();
    let said = "set the amount of Acme renewal to 20k and the close date of Globex rollout to friday";
    assert_eq!(chat.say(said).call().1["search"], "Acme renewal");
    assert_eq!(chat.result(deals(&[("d1", "Acme renewal", 1, "LEAD")])).call().1["search"], "Globex rollout");
    let Did::Called(calls) = chat.result(deals(&[("d2", "Globex rollout", 1, "LEAD")])) else {
        panic!("calls were expected")
    };
    assert_eq!(
        calls,
        [
            ("deal.update".to_owned(), json!({"id": "d1", "amount": {"amount": 20_000}})),
            ("deal.update".to_owned(), json!({"id": "d2", "close_date": "2026-11-27"})),
        ]
    );
    let updated = |id: &str, label: &str, field: &str, after: Value| {
        json!({"object": "deal", "path": "/records/deals", "record": {"id": id, "label": label},
               "changes": {field: {"before": null, "after": after}}})
    };
    let failed = json!({"error": {"code": "forbidden", "message": "You may not change this deal."}});
    let text = chat
        .results(&[
            updated("d1", "Acme renewal", "amount", json!({"amount": 20_000, "currency": "USD"})),
            failed,
        ])
        .text();
    assert!(
        text.contains("Changed [Acme renewal](/records/deals/d1): **Amount** (empty) → 20,000 USD."),
        "{text}"
    );
    assert!(text.contains("That did not work: You may not change this deal."), "{text}");
}

#[test]
fn what_is_not_clear_is_asked() {
    let account =
        |definitions| Chat::with(definitions).looking_at("account", "Acme", "a1", "/records/accounts");
    for (definitions, said, part) in [
        (
            catalogue::with_two_addresses(),
            "set its city to Bonn",
            "Say which: **address city** or **billing address city**.",
        ),
        (
            catalogue::with_two_addresses(),
            "create account Acme, city Bonn",
            "Say which: **address city** or **billing address city**.",
        ),
        (catalogue::definitions(), "set its address to Bonn", "has several parts"),
        (
            catalogue::definitions(),
            "set its city to Bonn and the city to Berlin",
            "two values for the address city",
        ),
        (
            catalogue::definitions(),
            "set its employees to 5 and its employees to 6",
            "two values for the employees",
        ),
    ] {
        let text = account(definitions).say(said).text();
        assert!(text.contains(part), "{said}: {text}");
    }
    let mut chat = account(catalogue::with_two_addresses());
    assert_eq!(
        chat.say("set its billing address city to Bonn").call().1,
        json!({"id": "a1", "billing_address": {"city": "Bonn"}})
    );
}

#[test]
fn what_stands_behind_a_date_is_not_dropped() {
    let mut chat = Chat::new().looking_at("deal", "Acme renewal", "d1", "/records/deals");
    let text = chat.say("set its close date to friday or so").text();
    assert!(text.contains("“friday or so” cannot be the close date"), "{text}");
}
