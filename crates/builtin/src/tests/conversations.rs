//! Several sentences, with results between them.

use serde_json::{Value, json};

use super::{Chat, Did, deals, hits};

fn open_deals() -> serde_json::Value {
    deals(&[
        ("d1", "Globex rollout", 90_000, "PROPOSAL"),
        ("d2", "Acme renewal", 40_000, "PROPOSAL"),
        ("d3", "Initech pilot", 12_500, "LEAD"),
    ])
}

fn moved() -> serde_json::Value {
    json!({"object": "deal", "path": "/records/deals",
           "record": {"id": "d2", "label": "Acme renewal", "stage": "NEGOTIATION"},
           "changes": {"stage": {"before": "PROPOSAL", "after": "NEGOTIATION"}}})
}

#[test]
fn a_list_then_the_second_one_moved_then_a_call_logged() {
    let mut chat = Chat::new();
    chat.say("show open deals over 10k by amount").call();
    let table = chat.result(open_deals()).text();
    assert!(table.contains("**3 open deals** with amount over 10,000, by amount (largest first)"), "{table}");
    assert!(
        table.contains("| 2 | [Acme renewal](/records/deals/d2) | 40,000 USD | Proposal | Acme |"),
        "{table}"
    );

    let (tool, arguments) = chat.say("move the second one to negotiation").call();
    assert_eq!((tool.as_str(), arguments), ("deal.update", json!({"id": "d2", "stage": "NEGOTIATION"})));
    let reply = chat.result(moved()).text();
    assert_eq!(reply, "Changed [Acme renewal](/records/deals/d2): **Stage** Proposal → Negotiation.");

    chat.say("log a call with Zoë Ångström: Discussed renewal, twice.").call();
    let (tool, arguments) = chat.result(hits(&[("contact", "c1", "Zoë Ångström")])).call();
    assert_eq!(tool, "activity.log");
    assert_eq!(
        arguments,
        json!({"type": "CALL", "subject": "Discussed renewal, twice.", "target": {"object": "contact", "id": "c1"}})
    );
    let logged = json!({"object": "activity", "path": "/records/activities", "record": {"id": "x1", "label": "Discussed renewal, twice."}});
    let reply = chat.result(logged).text();
    assert!(
        reply.contains("[Zoë Ångström](/records/contacts/c1)") && reply.contains("/records/activities/x1"),
        "{reply}"
    );

    // The list is still the one that was shown, and "it" is what was just written.
    let (_, arguments) = chat.say("show the third one").call();
    assert_eq!(arguments, json!({"id": "d3"}));
}

#[test]
fn it_and_that_deal_are_the_record_spoken_of_last() {
    let mut chat = Chat::new();
    chat.say("show open deals").call();
    chat.result(open_deals()).text();
    chat.say("move the second one to negotiation").call();
    chat.result(moved()).text();
    for (said, arguments) in [
        ("set its amount to 45k", json!({"id": "d2", "amount": {"amount": 45_000}})),
        ("set the close date of that deal to next friday", json!({"id": "d2", "close_date": "2026-11-27"})),
        ("mark it as won", json!({"id": "d2", "stage": "CLOSED_WON"})),
        ("set it to closed lost", json!({"id": "d2", "stage": "CLOSED_LOST"})),
        ("rename it to Acme expansion to Europe", json!({"id": "d2", "name": "Acme expansion to Europe"})),
        ("assign it to me", json!({"id": "d2", "owner": super::ADA})),
        ("clear? no: set renewal risk to high", json!(null)),
        ("set renewal risk to high", json!({"id": "d2", "renewal_risk": "HIGH"})),
        ("set its close date to nothing", json!({"id": "d2", "close_date": null})),
    ] {
        let mut chat = chat.clone();
        let did = chat.say(said);
        if arguments.is_null() {
            did.text();
        } else {
            assert_eq!(did.call(), ("deal.update".to_owned(), arguments), "{said}");
        }
    }
    assert_eq!(chat.say("what changed?").call().0, "deal.timeline");
}

#[test]
fn several_matches_are_listed_and_the_choice_completes_the_command() {
    let mut chat = Chat::new();
    chat.say("move Acme to negotiation").call();
    let question =
        chat.result(deals(&[("d1", "Acme pilot", 1, "LEAD"), ("d2", "Acme renewal", 2, "LEAD")])).text();
    assert!(
        question.contains("| 2 | [Acme renewal]") && question.ends_with("Which one do you mean?"),
        "{question}"
    );
    for answer in ["the second one", "2", "Acme renewal", "renewal", "the last one"] {
        let mut chat = chat.clone();
        let call = chat.say(answer).call();
        assert_eq!(call, ("deal.update".to_owned(), json!({"id": "d2", "stage": "NEGOTIATION"})), "{answer}");
    }
    // Another command is no answer.
    assert_eq!(chat.say("show tasks").call().0, "task.find");
}

#[test]
fn an_exact_name_among_several_is_taken() {
    let mut chat = Chat::new();
    chat.say("move Acme to negotiation").call();
    let call = chat.result(deals(&[("d1", "Acme", 1, "LEAD"), ("d2", "Acme renewal", 2, "LEAD")])).call();
    assert_eq!(call.1, json!({"id": "d1", "stage": "NEGOTIATION"}));
}

#[test]
fn what_was_missing_is_asked_for_and_completes_the_command() {
    let mut chat = Chat::new();
    chat.say("log a meeting with Jane yesterday").text();
    chat.say("Agreed on the price").call();
    let (_, arguments) = chat.result(hits(&[("contact", "c1", "Jane Doe")])).call();
    assert_eq!(
        arguments,
        json!({"type": "MEETING", "subject": "Agreed on the price", "happened_at": "2026-11-21T12:00", "target": {"object": "contact", "id": "c1"}})
    );
    let mut chat = Chat::new();
    chat.say("create a contact").text();
    assert_eq!(chat.do_now("Jane Roe").call().1, json!({"name": {"first": "Jane", "last": "Roe"}}));

    let mut chat = Chat::new().looking_at("deal", "Acme", "d9", "/records/deals");
    assert_eq!(chat.say("change the amount of this deal").text(), "What should it be changed to?");
    assert_eq!(
        chat.say("30k usd").call().1,
        json!({"id": "d9", "amount": {"amount": 30_000, "currency": "USD"}})
    );
}

#[test]
fn a_question_that_is_asked_twice_keeps_both_answers() {
    let mut chat = Chat::new();
    chat.say("log a call with Jane").text();
    chat.say("Budget is approved").call();
    // What tells them apart is looked up for the question.
    chat.result(hits(&[("contact", "c1", "Jane Doe"), ("contact", "c2", "Jane Roe")])).call();
    let rows = json!([{"id": "c1", "label": "Jane Doe", "job_title": "CEO"}, {"id": "c2", "label": "Jane Roe", "job_title": "CFO"}]);
    let question = chat.result(
        json!({"object": "contact", "path": "/records/contacts", "records": rows, "has_more": false}),
    );
    assert!(question.text().contains("| CFO |"));
    let (_, arguments) = chat.say("the second").call();
    assert_eq!(
        arguments,
        json!({"type": "CALL", "subject": "Budget is approved", "target": {"object": "contact", "id": "c2"}})
    );
}

#[test]
fn the_record_on_the_page_is_this_one() {
    let mut chat = Chat::new().looking_at("deal", "Acme \"big\" renewal", "d7", "/records/deals");
    assert_eq!(chat.say("move this deal to proposal").call().1, json!({"id": "d7", "stage": "PROPOSAL"}));
    let mut chat = Chat::new().looking_at("account", "Acme", "a7", "/records/accounts");
    assert_eq!(
        chat.do_now("show deals of this account").call().1,
        json!({"filter": {"account": {"eq": "a7"}}})
    );
}

#[test]
fn a_new_record_is_tied_to_one_that_is_found_by_name() {
    let mut chat = Chat::new();
    assert_eq!(chat.say("create deal Acme pilot for Acme worth $5k").call().0, "search");
    let call = chat.result(hits(&[("account", "a1", "Acme"), ("contact", "c1", "Jane of Acme")])).call();
    assert_eq!((call.0.as_str(), &call.1["filter"]), ("deal.find", &json!({"name": {"eq": "Acme pilot"}})));
    let call = chat.result(deals(&[])).call();
    assert_eq!(call.0, "deal.create");
    assert_eq!(
        call.1,
        json!({"name": "Acme pilot", "account": "a1", "amount": {"amount": 5000, "currency": "USD"}})
    );
}

#[test]
fn failures_and_empty_results_are_told_as_they_are() {
    let mut chat = Chat::new();
    chat.say("show deals over 1m").call();
    assert_eq!(chat.result(deals(&[])).text(), "There are no deals with amount over 1,000,000.");
    chat.say("show deals").call();
    let error = json!({"error": {"code": "forbidden", "message": "You may not read deals.", "issues": []}});
    assert_eq!(chat.result(error).text(), "That did not work: You may not read deals.");
    chat.say("show Nobody").call();
    assert!(chat.result(hits(&[])).text().contains("I know no record called “Nobody”"));
    chat.say("delete deal Nothing").call();
    assert_eq!(chat.result(deals(&[])).text(), "I know no deal called “Nothing”.");
}

#[test]
fn a_deleted_record_can_be_brought_back() {
    let mut chat = Chat::new().looking_at("deal", "Acme", "d7", "/records/deals");
    assert_eq!(chat.say("delete this deal").call(), ("deal.delete".to_owned(), json!({"id": "d7"})));
    let deleted = json!({"object": "deal", "path": "/records/deals", "record": {"id": "d7", "label": "Acme"}, "deleted": true});
    assert!(chat.result(deleted).text().starts_with("Deleted **Acme**"));
    assert_eq!(chat.say("restore it").call(), ("deal.restore".to_owned(), json!({"id": "d7"})));
}

#[test]
fn what_is_restored_by_its_name_is_looked_up_among_the_deleted() {
    let mut chat = Chat::new();
    let (tool, arguments) = chat.say("restore deal \"Old one\"").call();
    assert_eq!((tool.as_str(), &arguments["search"]), ("deal.find", &json!("Old one")));
    assert_eq!(arguments["deleted"], true);
    let restored = chat.result(deals(&[("d9", "Old one", 10, "LEAD")])).call();
    assert_eq!(restored, ("deal.restore".to_owned(), json!({"id": "d9"})));

    chat = Chat::new();
    chat.say("restore the deal Nothing").call();
    assert_eq!(chat.result(deals(&[])).text(), "I know no deleted deal called “Nothing”.");

    chat = Chat::new();
    let Did::Called(calls) = chat.say("restore Acme") else { panic!("calls were expected") };
    assert!(calls.len() > 2 && calls.iter().all(|(_, arguments)| arguments["deleted"] == true), "{calls:?}");
    assert!(calls.iter().all(|(tool, _)| tool.ends_with(".find") && tool != "member.find"), "{calls:?}");
}

#[test]
fn deleted_records_are_listed_and_never_counted_with_the_others() {
    let mut chat = Chat::new();
    let (tool, arguments) = chat.say("show deleted deals over 10k").call();
    assert_eq!((tool.as_str(), &arguments["deleted"]), ("deal.find", &json!(true)));
    let text = chat.result(deals(&[("d9", "Old one", 20_000, "LEAD")])).text();
    assert!(text.starts_with("**1 deleted deal** with amount over 10,000:"), "{text}");
    let text = chat.say("how many deleted deals are there?").text();
    assert!(text.starts_with("I do not understand “deleted”"), "{text}");
}

#[test]
fn counts_totals_and_timelines_say_what_the_results_say() {
    let mut chat = Chat::new();
    chat.say("how many open deals are there").call();
    assert_eq!(
        chat.result(json!({"object": "deal", "groups": [{"by": {}, "count": 12}]})).text(),
        "There are **12 open deals**."
    );
    chat.say("total amount of deals by stage").call();
    let groups = json!({"object": "deal", "groups": [
        {"by": {"stage": "LEAD"}, "count": 2, "sum": {"amount": [{"amount": 3000, "currency": "USD"}, {"amount": 10, "currency": "EUR"}]}},
        {"by": {"stage": null}, "count": 1, "sum": {"amount": []}},
    ]});
    let table = chat.result(groups).text();
    assert!(
        table.contains("| Lead | 2 | 3,000 USD, 10 EUR |") && table.contains("| (none) | 1 | nothing |"),
        "{table}"
    );
    chat.say("history of deal Acme").call();
    chat.result(deals(&[("d1", "Acme", 1, "LEAD")])).call();
    let entries = json!({"object": "deal", "id": "d1", "label": "Acme", "path": "/records/deals", "has_more": false, "entries": [
        {"happened_at": "2026-11-22T14:03:05.123Z", "name": "deal.updated", "by": "Ada Brandt",
         "changes": {"stage": {"before": "LEAD", "after": "PROPOSAL"}}},
        {"happened_at": "2026-11-20T10:00", "name": "activity.created", "by": "Max",
         "linked": {"object": "activity", "id": "x1", "label": "Call", "path": "/records/activities"}},
    ]});
    let text = chat.result(entries).text();
    assert!(text.contains("- 2026-11-22 14:03: **Stage** Lead → Proposal, by Ada Brandt"), "{text}");
    assert!(text.contains("created [Call](/records/activities/x1), by Max"), "{text}");
}

#[test]
fn what_changed_today_asks_for_all_objects_at_once() {
    let mut chat = Chat::new();
    let super::Did::Called(calls) = chat.say("what changed today") else { panic!("calls were expected") };
    assert_eq!(calls.len(), 7);
    let nothing = |object: &str| json!({"object": object, "path": "/x", "records": [], "has_more": false});
    let mut results: Vec<_> =
        calls.iter().map(|(tool, _)| nothing(tool.split('.').next().unwrap())).collect();
    results[3] = deals(&[("d1", "Acme", 1, "LEAD")]);
    let text = chat.results(&results).text();
    assert!(text.starts_with("**1 deal** changed on 2026-11-22:"), "{text}");
}

#[test]
fn the_next_page_goes_on_where_the_last_ended() {
    let mut chat = Chat::new();
    chat.say("show open deals").call();
    let mut page = open_deals();
    page["has_more"] = json!(true);
    page["next"] = json!("cursor1");
    assert!(chat.result(page).text().ends_with("say **more**."));
    let (tool, arguments) = chat.say("more").call();
    assert_eq!((tool.as_str(), &arguments["after"]), ("deal.find", &json!("cursor1")));
    assert!(arguments["filter"].is_object());
    let mut last = deals(&[("d8", "Bare", 1, "LEAD"), ("d9", "Acme", 1, "LEAD")]);
    // The first row has nothing in a column that the others fill: the order of columns is the object's all the same.
    last["records"][0].as_object_mut().unwrap().remove("amount");
    let text = chat.result(last).text();
    assert!(text.starts_with("4 to 5 of the **deals**:"), "{text}");
    assert!(text.contains("| # | Deal | Amount | Stage |"), "{text}");
}

#[test]
fn what_a_workspace_asks_of_an_activity_is_asked_for_in_words_that_are_understood() {
    let outcome = ("outcome", "Outcome", "select:GOOD=Good;BAD=Bad");
    let mut chat = Chat::with(super::catalogue::with_field("activity", outcome, true));
    let said = chat.say("log a call with Jane Doe: discussed renewal").text();
    assert!(said.starts_with("Logging a call also needs: outcome."), "{said}");
    assert!(
        said.contains("**create activity “What it was about”, type call, outcome …, for “Name”**"),
        "{said}"
    );
    chat.say("create activity \"Renewal\", type call, outcome good, for \"Jane Doe\"").call();
    let (tool, arguments) = chat.result(hits(&[("contact", "c1", "Jane Doe")])).call();
    assert_eq!(tool, "activity.create");
    assert_eq!((&arguments["type"], &arguments["outcome"]), (&json!("CALL"), &json!("GOOD")));
    assert_eq!(arguments["target"], json!({"object": "contact", "id": "c1"}));
}

#[test]
fn what_deletes_or_restores_is_told_by_its_name_alone() {
    let mut chat = Chat::new();
    chat.say("history of deal Acme").call();
    chat.result(deals(&[("d1", "Acme", 1, "LEAD")])).call();
    let change = |name: &str, before: Value, after: Value| {
        json!({"name": name, "happened_at": "2026-11-20T10:00", "by": "Ada Brandt",
               "changes": {"deleted_at": {"before": before, "after": after}}})
    };
    let at = || json!("2026-11-20T10:00");
    let entries = [change("deal.restored", at(), Value::Null), change("deal.deleted", Value::Null, at())];
    let text = chat
        .result(json!({"object": "deal", "id": "d1", "label": "Acme", "has_more": false, "entries": entries}))
        .text();
    assert!(
        text.contains(": restored, by Ada Brandt") && text.contains(": deleted, by Ada Brandt"),
        "{text}"
    );
}

#[test]
fn one_field_of_one_record_is_told() {
    let shown = json!({"object": "deal", "path": "/records/deals",
        "record": {"id": "d2", "label": "Acme renewal", "amount": {"amount": 40_000, "currency": "USD"},
                   "stage": "PROPOSAL", "close_date": null, "owner": {"id": "m2", "label": "Max Okafor"}}});
    for (said, reply) in [
        ("what is the amount of it?", "Amount of [Acme renewal](/records/deals/d2): **40,000 USD**."),
        ("what's its stage?", "Stage of [Acme renewal](/records/deals/d2): **Proposal**."),
        ("what is this deal's value", "Amount of [Acme renewal](/records/deals/d2): **40,000 USD**."),
        ("when does it close?", "[Acme renewal](/records/deals/d2) has no close date."),
        ("who owns this deal?", "Owner of [Acme renewal](/records/deals/d2): **Max Okafor**."),
    ] {
        let mut chat = Chat::new().looking_at("deal", "Acme renewal", "d2", "/records/deals");
        assert_eq!(chat.say(said).call(), ("deal.get".to_owned(), json!({"id": "d2"})), "{said}");
        assert_eq!(chat.result(shown.clone()).text(), reply, "{said}");
    }
    let mut chat = Chat::new();
    let (tool, arguments) = chat.say("what is Jane Doe's email?").call();
    assert_eq!((tool.as_str(), &arguments["query"]), ("search", &json!("Jane Doe")));
    assert_eq!(arguments["objects"], json!(["member", "contact"]), "only what has an email is looked for");
}

#[test]
fn who_owns_what_is_described_is_told_by_a_column() {
    let mut chat = Chat::new();
    let (tool, arguments) = chat.say("who owns the biggest open deal?").call();
    assert_eq!((tool.as_str(), &arguments["sort"]), ("deal.find", &json!("-amount")));
    assert_eq!(arguments["limit"], 1);
    let found = json!({"object": "deal", "path": "/records/deals", "has_more": true, "records": [
        {"id": "d1", "label": "Globex rollout", "owner": {"id": "m2", "label": "Max Okafor"}}]});
    assert!(chat.result(found).text().contains("| Max Okafor |"));
}

#[test]
fn the_pipeline_is_what_is_open_by_stage() {
    for said in ["how is the pipeline?", "show my pipeline", "what's in the pipeline?", "Hi, pipeline"] {
        let (tool, arguments) = Chat::new().say(said).call();
        assert_eq!(tool, "deal.group", "{said}");
        assert_eq!(arguments["by"], json!(["stage"]), "{said}");
        assert_eq!(arguments["aggregates"][1], json!({"function": "sum", "field": "amount"}), "{said}");
        assert_eq!(arguments["filter"].to_string().contains("$me"), said.contains("my"), "{said}");
    }
    let (tool, arguments) = Chat::new().say("how much is the pipeline worth?").call();
    assert_eq!((tool.as_str(), arguments.get("by")), ("deal.group", None));
    assert!(arguments["filter"]["stage"]["not_in"].is_array(), "{arguments}");
}

#[test]
fn a_list_that_is_empty_takes_no_place_from_the_one_before() {
    let mut chat = Chat::new();
    chat.say("show open deals").call();
    chat.result(open_deals()).text();
    chat.say("show deals over 10m").call();
    assert!(chat.result(deals(&[])).text().starts_with("There are no deals"));
    let (_, arguments) = chat.say("show the third one").call();
    assert_eq!(arguments, json!({"id": "d3"}));
}

#[test]
fn what_is_not_understood_is_not_searched_for() {
    for said in ["archive the deal", "win rate", "deals blue", "contacts doing well"] {
        let text = Chat::new().do_now(said).text();
        assert!(text.starts_with("I do not understand"), "{said}: {text}");
    }
    assert_eq!(Chat::new().say("convert lead Jane Doe").text(), "I cannot convert leads.");
    let text = Chat::new().say("which accounts have no contacts?").text();
    assert_eq!(text, "I cannot find accounts by the contacts they lack.");
    let (_, arguments) = Chat::new().say("deals without a close date").call();
    assert_eq!(arguments["filter"], json!({"close_date": {"is_empty": true}}));
    let (tool, arguments) = Chat::new().say("average deal size of won deals").call();
    assert_eq!((tool.as_str(), &arguments["aggregates"][1]["function"]), ("deal.group", &json!("avg")));
}

#[test]
fn a_task_is_made_of_what_is_to_be_done_and_when() {
    for said in [
        "create a task to call Jane tomorrow",
        "remind me to call Jane tomorrow",
        "remind me tomorrow to call Jane",
    ] {
        let (tool, arguments) = Chat::new().say(said).call();
        assert_eq!((tool.as_str(), &arguments["title"]), ("task.create", &json!("call Jane")), "{said}");
    }
}
