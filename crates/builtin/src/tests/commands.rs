//! What one sentence becomes.

use serde_json::{Value, json};

use super::{ADA, Chat, Did, catalogue};

/// The first call of each sentence that does what it says.
#[track_caller]
fn first_calls(table: &[(&str, &str, Value)]) {
    for (said, tool, arguments) in table {
        let did = Chat::new().do_now(said);
        assert_eq!(did, Did::Called(vec![((*tool).to_owned(), arguments.clone())]), "{said}");
    }
}

const CLOSED: [&str; 2] = ["CLOSED_WON", "CLOSED_LOST"];

#[test]
fn lists_are_filtered_and_sorted_by_what_is_said() {
    first_calls(&[
        ("show deals", "deal.find", json!({})),
        ("Please list all the deals!", "deal.find", json!({})),
        (
            "show open deals over 10k by amount",
            "deal.find",
            json!({"filter": {"and": [{"stage": {"not_in": CLOSED}}, {"amount": {"gt": 10_000}}]}, "sort": "-amount"}),
        ),
        ("deals in negotiation", "deal.find", json!({"filter": {"stage": {"eq": "NEGOTIATION"}}})),
        (
            "show deals in proposal or negotiation",
            "deal.find",
            json!({"filter": {"stage": {"in": ["PROPOSAL", "NEGOTIATION"]}}}),
        ),
        ("deals not in proposal", "deal.find", json!({"filter": {"stage": {"neq": "PROPOSAL"}}})),
        (
            "show deals closing this month",
            "deal.find",
            json!({"filter": {"close_date": {"gte": "2026-11-01", "lt": "2026-12-01"}}}),
        ),
        (
            "list won deals below 5000 eur sorted by close date desc",
            "deal.find",
            json!({"filter": {"and": [{"stage": {"in": ["CLOSED_WON"]}}, {"amount": {"lt": 5000}}, {"amount.currency": {"eq": "EUR"}}]}, "sort": "-close_date"}),
        ),
        ("my deals", "deal.find", json!({"filter": {"owner": {"eq": "$me"}}})),
        ("deals owned by me", "deal.find", json!({"filter": {"owner": {"eq": "$me"}}})),
        ("deals owned by Max", "deal.find", json!({"filter": {"owner": {"eq": "m2"}}})),
        ("deals of Max", "deal.find", json!({"filter": {"owner": {"eq": "m2"}}})),
        ("tasks for Max", "task.find", json!({"filter": {"assignee": {"eq": "m2"}}})),
        ("top 5 deals", "deal.find", json!({"sort": "-amount", "limit": 5})),
        (
            "the 3 largest open deals",
            "deal.find",
            json!({"filter": {"stage": {"not_in": CLOSED}}, "sort": "-amount", "limit": 3}),
        ),
        (
            "deals between 5k and 10k",
            "deal.find",
            json!({"filter": {"amount": {"gte": 5000, "lte": 10_000}}}),
        ),
        ("contacts at Acme", "contact.find", json!({"filter": {"account": {"eq": "a1"}}})),
        ("which contacts does Acme have?", "contact.find", json!({"filter": {"account": {"eq": "a1"}}})),
        (
            "what deals does account Acme have over 1k?",
            "deal.find",
            json!({"filter": {"and": [{"account": {"eq": "a1"}}, {"amount": {"gt": 1000}}]}}),
        ),
        (
            "show Acme's open deals",
            "deal.find",
            json!({"filter": {"and": [{"account": {"eq": "a1"}}, {"stage": {"not_in": CLOSED}}]}}),
        ),
        ("show 5 contacts", "contact.find", json!({"limit": 5})),
        ("2 deals", "deal.find", json!({"limit": 2})),
        ("what open deals do we have?", "deal.find", json!({"filter": {"stage": {"not_in": CLOSED}}})),
        (
            "deals for account Acme Corp over 1k",
            "deal.find",
            json!({"filter": {"and": [{"account": {"eq": "a2"}}, {"amount": {"gt": 1000}}]}}),
        ),
        ("contacts without email", "contact.find", json!({"filter": {"emails": {"is_empty": true}}})),
        (
            "contacts from Acme with email",
            "contact.find",
            json!({"filter": {"and": [{"account": {"eq": "a1"}}, {"emails": {"is_empty": false}}]}}),
        ),
        ("deals sorted by name", "deal.find", json!({"sort": "name"})),
        ("enterprise companies", "account.find", json!({"filter": {"segment": {"eq": "ENTERPRISE"}}})),
        ("find deals named renewal", "deal.find", json!({"search": "renewal"})),
        (
            "newest contacts",
            "contact.find",
            json!({"sort": "-created_at", "fields": ["created_at", "emails", "account", "customer_at", "owner"]}),
        ),
        (
            "new deals this month",
            "deal.find",
            json!({"filter": {"created_at": {"gte": "2026-11-01T00:00", "lt": "2026-12-01T00:00"}}, "sort": "-created_at",
                "fields": ["created_at", "amount", "stage", "close_date", "account", "contact", "renewal_risk", "owner"]}),
        ),
        (
            "what is the biggest open deal?",
            "deal.find",
            json!({"filter": {"stage": {"not_in": CLOSED}}, "sort": "-amount", "limit": 1}),
        ),
        ("what is the largest deal?", "deal.find", json!({"sort": "-amount", "limit": 1})),
        (
            "ideal customer profile accounts",
            "account.find",
            json!({"filter": {"ideal_customer_profile": {"eq": true}}, "fields": ["ideal_customer_profile", "segment", "annual_recurring_revenue", "owner"]}),
        ),
        (
            "contacts created last week",
            "contact.find",
            json!({"filter": {"created_at": {"gte": "2026-11-09T00:00", "lt": "2026-11-16T00:00"}}, "fields": ["created_at", "emails", "account", "customer_at", "owner"]}),
        ),
        (
            "calls this week",
            "activity.find",
            json!({"filter": {"and": [
                {"happened_at": {"gte": "2026-11-16T00:00", "lt": "2026-11-23T00:00"}}, {"type": {"eq": "CALL"}}]}}),
        ),
        ("open tasks", "task.find", json!({"filter": {"status": {"not_in": ["DONE"]}}})),
        ("deals with renewal risk high", "deal.find", json!({"filter": {"renewal_risk": {"eq": "HIGH"}}})),
        (
            "show deals where probability is at least 50",
            "deal.find",
            json!({"filter": {"probability": {"gte": 50}}, "fields": ["probability", "amount", "stage", "close_date", "account", "contact", "renewal_risk", "owner"]}),
        ),
    ]);
}

#[test]
fn counts_and_totals_are_grouped_by_the_database() {
    let count = json!([{"function": "count"}]);
    let reckoned = |function: &str| json!([{"function": "count"}, {"function": function, "field": "amount"}]);
    let sum = reckoned("sum");
    first_calls(&[
        (
            "how many open deals are there?",
            "deal.group",
            json!({"aggregates": count, "filter": {"stage": {"not_in": CLOSED}}}),
        ),
        (
            "how many open deals do I have",
            "deal.group",
            json!({"aggregates": count, "filter": {"and": [{"stage": {"not_in": CLOSED}}, {"owner": {"eq": "$me"}}]}}),
        ),
        (
            "how many deals did we win this month",
            "deal.group",
            json!({"aggregates": count, "filter": {"and": [{"stage": {"in": ["CLOSED_WON"]}}, {"close_date": {"gte": "2026-11-01", "lt": "2026-12-01"}}]}}),
        ),
        (
            "what's the total of won deals",
            "deal.group",
            json!({"aggregates": sum, "filter": {"stage": {"in": ["CLOSED_WON"]}}}),
        ),
        (
            "count deals by close month",
            "deal.group",
            json!({"by": ["close_date:month"], "aggregates": count}),
        ),
        ("count deals by stage", "deal.group", json!({"by": ["stage"], "aggregates": count})),
        (
            "total amount of open deals by owner",
            "deal.group",
            json!({"by": ["owner"], "aggregates": sum, "filter": {"stage": {"not_in": CLOSED}}}),
        ),
        ("total by stage", "deal.group", json!({"by": ["stage"], "aggregates": sum})),
        (
            "how much are won deals worth per month",
            "deal.group",
            json!({"by": ["close_date:month"], "aggregates": sum, "filter": {"stage": {"in": ["CLOSED_WON"]}}}),
        ),
        (
            "largest amount of deals by stage",
            "deal.group",
            json!({"by": ["stage"], "aggregates": reckoned("max")}),
        ),
        (
            "smallest deal amount by stage",
            "deal.group",
            json!({"by": ["stage"], "aggregates": reckoned("min")}),
        ),
        (
            "what is the highest amount of open deals?",
            "deal.group",
            json!({"aggregates": reckoned("max"), "filter": {"stage": {"not_in": CLOSED}}}),
        ),
        ("lowest amount per stage", "deal.group", json!({"by": ["stage"], "aggregates": reckoned("min")})),
        ("show the biggest value of deals", "deal.group", json!({"aggregates": reckoned("max")})),
        (
            "mean amount of deals by stage",
            "deal.group",
            json!({"by": ["stage"], "aggregates": reckoned("avg")}),
        ),
        (
            "average employees of accounts by segment",
            "account.group",
            json!({"by": ["segment"], "aggregates": [{"function": "count"}, {"function": "avg", "field": "employees"}]}),
        ),
    ]);
}

#[test]
fn records_are_looked_up_by_name_before_anything_is_done_to_them() {
    first_calls(&[
        ("show Acme renewal", "search", json!({"query": "Acme renewal", "limit": 8})),
        ("find contact Jane Doe", "contact.find", json!({"search": "Jane Doe", "limit": 8})),
        ("who is Jane Doe?", "search", json!({"query": "Jane Doe", "limit": 8})),
        ("move Acme renewal to negotiation", "deal.find", json!({"search": "Acme renewal", "limit": 8})),
        ("mark the Acme renewal deal as won", "deal.find", json!({"search": "Acme renewal", "limit": 8})),
        ("set the amount of Acme renewal to 20k", "deal.find", json!({"search": "Acme renewal", "limit": 8})),
        (
            "set Acme renewal's close date to friday",
            "deal.find",
            json!({"search": "Acme renewal", "limit": 8}),
        ),
        ("rename contact Jane Doe to Jane Roe", "contact.find", json!({"search": "Jane Doe", "limit": 8})),
        ("delete deal \"Old one\"", "deal.find", json!({"search": "Old one", "limit": 8})),
        (
            "what changed on Acme renewal",
            "search",
            json!({"query": "Acme renewal", "objects": ["member", "account", "contact", "deal", "activity", "task", "note"], "limit": 8}),
        ),
        (
            "log a call with Jane Doe: discussed renewal",
            "search",
            json!({"query": "Jane Doe", "objects": ["contact", "account", "deal"], "limit": 8}),
        ),
        (
            "called Jane Doe: discussed renewal",
            "search",
            json!({"query": "Jane Doe", "objects": ["contact", "account", "deal"], "limit": 8}),
        ),
        (
            "add a note to Acme: pays late",
            "search",
            json!({"query": "Acme", "objects": ["contact", "account", "deal"], "limit": 8}),
        ),
    ]);
}

#[test]
fn new_records_are_written_from_one_sentence() {
    first_calls(&[
        (
            "create contact Jane Roe, email jane@acme.test, job title Head of Sales",
            "contact.create",
            json!({"name": {"first": "Jane", "last": "Roe"}, "emails": {"primary": "jane@acme.test"}, "job_title": "Head of Sales"}),
        ),
        (
            "add a deal \"Big Proposal\" worth 20k eur closing 2026-12-15, stage negotiation, owned by me",
            "deal.create",
            json!({"name": "Big Proposal", "amount": {"amount": 20_000, "currency": "EUR"}, "close_date": "2026-12-15", "stage": "NEGOTIATION", "owner": ADA}),
        ),
        (
            "create task Send the offer due tomorrow at 14:30",
            "task.create",
            json!({"title": "Send the offer", "due_at": "2026-11-23T14:30"}),
        ),
        (
            "remind me to call Jane on friday",
            "task.create",
            json!({"due_at": "2026-11-27T09:00", "title": "call Jane", "assignee": ADA}),
        ),
        (
            "new company Globex, industry Software, 250 employees",
            "account.create",
            json!({"name": "Globex", "industry": "Software", "employees": 250}),
        ),
        (
            "create account Globex, city Bonn, street Marktplatz 4 and zip code 53111, segment enterprise",
            "account.create",
            json!({"name": "Globex", "address": {"city": "Bonn", "street": "Marktplatz 4", "postal_code": "53111"}, "segment": "ENTERPRISE"}),
        ),
        // A word of a name that is also the name of a part stays in the name.
        ("create account Big City Hotels", "account.create", json!({"name": "Big City Hotels"})),
    ]);
}

#[test]
fn what_is_wrong_or_missing_is_said_before_anything_is_called() {
    for (said, part) in [
        ("show deals by colour", "have no field “colour”"),
        ("set the amount of it to 20k", "do not know which record"),
        ("move the second one to negotiation", "no list yet"),
        ("create contact", "What should it be called?"),
        ("log a call with Jane", "What was it about?"),
        ("note on Acme", "What should it say?"),
        ("log a carrier pigeon with Jane: flew", "email, call, meeting or note"),
        ("write me a poem about sales", "not a language model"),
        ("create contacts", "one record at a time"),
        ("my members", "have no owner"),
        ("count deals by colour", "have no field “colour”"),
        ("who am i", "You are Ada Brandt."),
        ("more", "no list"),
    ] {
        let text = Chat::new().do_now(said).text();
        assert!(text.contains(part), "{said}: {text}");
    }
}

#[test]
fn help_shows_commands_that_it_understands_itself() {
    let text = Chat::new().say("help").text();
    assert!(text.contains("not a language model") && text.contains("config/kontor.toml"), "{text}");
    for example in text.lines().filter_map(|line| line.strip_prefix("- **")?.split("**").next()) {
        let did = Chat::new().looking_at("deal", "X", "d1", "/records/deals").say(example);
        if let Did::Said(reply) = did {
            panic!("{example}: {reply}");
        }
    }
}

#[test]
fn who_may_only_read_is_told_so_and_options_are_known_all_the_same() {
    let reader = || Chat::with(catalogue::read_only());
    assert_eq!(
        reader().do_now("show open deals").call(),
        ("deal.find".to_owned(), json!({"filter": {"stage": {"not_in": CLOSED}}}))
    );
    // What is money, which option is meant and how it is labelled stands in what finds records alone.
    for said in [
        "deals below 5000 eur",
        "mid-market accounts",
        "high renewal risk deals",
        "done tasks",
        "contacts named Jane",
    ] {
        assert_eq!(reader().do_now(said).call(), Chat::new().do_now(said).call(), "{said}");
    }
    for said in [
        "create contact Jane",
        "log a call with Jane: hello",
        "move it to negotiation",
        "set its amount to 5",
    ] {
        let text = reader().say(said).text();
        assert!(text.contains("no permission") || text.contains("no tool"), "{said}: {text}");
    }
}

#[test]
fn without_any_operation_it_still_answers() {
    for said in ["help", "show deals", "show Acme", "create contact Jane", "hello", ""] {
        let text = Chat::with(catalogue::nothing()).say(said).text();
        assert!(!text.is_empty(), "{said}");
    }
}

#[tokio::test]
async fn a_reply_is_streamed_word_by_word() {
    use futures::TryStreamExt;

    use kontor_models::{ChatModel, ChatRequest, Delta, FinishReason, Message};

    let request = ChatRequest::new([Message::User("help".into())], []).in_scene(Chat::new().scene);
    let deltas: Vec<Delta> = crate::Builtin::default().stream(request).try_collect().await.unwrap();
    assert!(deltas.iter().filter(|delta| matches!(delta, Delta::Text(_))).count() > 20);
    assert_eq!(deltas.last(), Some(&Delta::Finish(FinishReason::Stop)));
}
