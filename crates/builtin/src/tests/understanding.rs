//! What is not understood is not acted upon, and a conversation keeps what it is about.

use serde_json::{Value, json};

use super::{
    Chat, Did, catalogue, deals, hits,
    sales::{Came, say},
};

/// What a sentence says where it must do nothing.
#[track_caller]
fn refused(said: &str) -> String {
    let Came { calls, text } = say(said);
    let writes: Vec<_> =
        calls.iter().filter(|(tool, ..)| !tool.ends_with(".find") && tool != "search").collect();
    assert!(writes.is_empty(), "{said}: {writes:?}");
    text
}

#[test]
fn what_speaks_of_several_records_is_never_the_name_of_one() {
    for said in [
        "set the amount of all deals to 0",
        "move all deals to closed lost",
        "move my deals to proposal",
        "mark overdue tasks as done",
        "delete open deals",
        "delete everything",
        "delete all",
        "delete every task",
        "mark all my tasks as done",
        "assign all open deals to Max",
        "move both deals to proposal",
        "delete these deals",
        "mark the tasks as done",
        "rename all accounts to Acme",
        "reassign all of Max's deals to me",
    ] {
        let text = refused(said);
        assert!(text.contains("one record at a time"), "{said}: {text}");
    }
    // Whatever a search would find by the words.
    let did = Chat::new().say("move all deals to closed lost");
    assert!(matches!(did, Did::Said(_)), "{did:?}");
}

#[test]
fn something_is_done_only_to_a_record_whose_name_has_all_the_words() {
    let mut chat = Chat::new();
    chat.say("move Allian to proposal").call();
    let text = chat.result(deals(&[("d1", "Allianz rollout", 1, "LEAD")])).text();
    assert!(text.starts_with("I know no ") && text.contains("called “Allian”"), "{text}");
    assert!(text.ends_with("Which one do you mean?"), "{text}");
    // Yes is enough where one was shown.
    assert_eq!(chat.say("yes").call(), ("deal.update".to_owned(), json!({"id": "d1", "stage": "PROPOSAL"})));
}

#[test]
fn a_name_in_quotes_is_the_name_whatever_stands_before_it() {
    let came = say("mark my task \"Update the close date\" as done");
    assert_eq!(came.calls.last().unwrap().1, json!({"id": "t-update", "status": "DONE"}));
    refused("mark my blue task \"Update the close date\" as done");
}

#[test]
fn words_without_a_meaning_are_named_and_never_searched_for() {
    for (said, word) in [
        ("deals blue", "blue"),
        ("who is my best customer?", "best"),
        ("show deals over 10k or under 1k", "or"),
        ("deals and contacts", "and"),
        ("dance", "that"),
        ("create an account named Foo Bar in Berlin", "in Berlin"),
        ("zeig mir alle offenen Deals", "zeig"),
        ("increase the amount of Tessel pilot by 5k", "do not add"),
        ("mark Book the kick-off as not done", "do not see what to change"),
    ] {
        let text = refused(said);
        assert!(text.contains(word) && !text.contains("There are no"), "{said}: {text}");
    }
    for said in [
        "export my deals to csv",
        "make a chart of deals by stage",
        "send Omar Berg an email",
        "merge Omar and Greta",
    ] {
        let Came { calls, text } = say(said);
        assert!(calls.is_empty() && text.starts_with("I cannot"), "{said}: {text}");
    }
}

#[test]
fn a_name_that_nobody_has_is_said_and_nothing_is_counted() {
    for said in
        ["deals of Zaphod", "how many contacts are at Zaphod?", "total amount of deals owned by Zaphod"]
    {
        let text = refused(said);
        assert!(text.starts_with("I know no ") && text.contains("Zaphod"), "{said}: {text}");
    }
    let text = refused("move Tessel pilt to negotiation");
    assert!(text.ends_with("Did you mean “move \"Tessel pilot\" to negotiation”?"), "{text}");
}

#[test]
fn a_misspelt_word_is_asked_about_and_yes_is_enough() {
    for (said, meant) in [
        ("shwo deals in negotiation", "show deals in negotiation"),
        ("deals in negotation", "deals in negotiation"),
        ("move Tessel pilot to negotation", "move Tessel pilot to negotiation"),
        ("contacts withuot email", "contacts without email"),
        ("remind me to call Omar tomorow", "remind me to call Omar tomorrow"),
    ] {
        let text = refused(said);
        assert!(text.ends_with(&format!("Did you mean “{meant}”?")), "{said}: {text}");
    }
    let came = say("move Tessel pilot to negotation · yes");
    assert_eq!(came.calls.last().unwrap().1, json!({"id": "d-tessel-pilot", "stage": "NEGOTIATION"}));
}

#[test]
fn a_refusal_is_no_value_and_drops_what_was_asked() {
    for first in
        ["rename Arden pilot", "create a deal", "note on Cascade Pharma", "log a call with Omar Berg"]
    {
        for then in ["never mind", "no", "nothing", "forget it", "cancel", "no thanks", "Nope."] {
            let text = refused(&format!("{first} · {then}"));
            assert_eq!(text, format!("Nothing was changed. I dropped “{first}”."), "{then}");
        }
    }
}

#[test]
fn an_answer_in_quotes_is_no_command() {
    let came = say("note on Cascade Pharma · \"show them the plan\"");
    let (tool, arguments, _) = came.calls.last().unwrap();
    assert_eq!((tool.as_str(), &arguments["body"]), ("note.create", &json!("show them the plan")));
    let came = say("note on Cascade Pharma · show deals");
    assert_eq!(came.calls.last().unwrap().0, "deal.find");
}

#[test]
fn the_tasks_of_a_member_are_those_that_they_do() {
    for said in ["tasks for Max", "tasks of Max", "Max's tasks"] {
        assert_eq!(
            say(said).calls.last().unwrap().1["filter"],
            json!({"assignee": {"eq": "m-max"}}),
            "{said}"
        );
    }
}

#[test]
fn what_is_logged_has_taken_place() {
    refused("log a call with Omar Berg tomorrow: pricing");
}

#[test]
fn another_command_drops_what_was_asked_and_says_so() {
    let came = say("create a deal for Arden City Transit worth 40k · count deals by stage");
    assert!(
        came.text.starts_with("I dropped “create a deal for Arden City Transit worth 40k”.\n\n**9 deals**"),
        "{}",
        came.text
    );
    assert_eq!(came.calls.last().unwrap().1["filter"], Value::Null);
}

#[test]
fn it_stays_the_record_that_a_note_or_a_task_is_about() {
    for between in
        ["add note to it: wants a discount", "remind me to call Kenji tomorrow", "note on it: late"]
    {
        let came = say(&format!("find deal Tessel pilot · {between} · move it to negotiation"));
        assert_eq!(
            came.calls.last().unwrap().1,
            json!({"id": "d-tessel-pilot", "stage": "NEGOTIATION"}),
            "{between}"
        );
    }
    // Where both can be meant it asks.
    let text = refused("find deal Tessel pilot · remind me to call Kenji tomorrow · delete it");
    assert!(text.starts_with("Do you mean [Tessel pilot]"), "{text}");
}

#[test]
fn a_question_about_a_field_is_about_the_record_of_the_chat() {
    for (said, field) in [
        ("what is the amount?", "Amount"),
        ("what stage is it in?", "Stage"),
        ("who is the owner?", "Owner"),
        ("when does it close?", "Close date"),
        ("how much is it worth?", "Amount"),
    ] {
        let mut chat = Chat::new().looking_at("deal", "Acme renewal", "d2", "/records/deals");
        assert_eq!(chat.say(said).call(), ("deal.get".to_owned(), json!({"id": "d2"})), "{said}");
        let came = say(&format!("find deal Tessel pilot · {said}"));
        assert!(came.text.starts_with(field) && came.text.contains("Tessel pilot"), "{said}: {}", came.text);
    }
}

#[test]
fn a_number_with_two_meanings_is_asked_about() {
    for said in ["12.500", "1.000", "12.500 EUR"] {
        let text = refused(&format!("set the amount of Arden pilot to {said}"));
        assert!(text.contains("can mean"), "{said}: {text}");
    }
    let came = say("set probability of Cascade pilot to 60 percent");
    assert_eq!(came.calls.last().unwrap().1["probability"], 60);
}

#[test]
fn a_month_lies_ahead_of_what_is_to_come_and_behind_what_took_place() {
    for (said, date) in [
        ("set the close date of Arden pilot to January 15", "2027-01-15"),
        ("set the close date of Arden pilot to december 1", "2026-12-01"),
    ] {
        assert_eq!(say(said).calls.last().unwrap().1["close_date"], date, "{said}");
    }
    for (said, from) in [
        ("deals closing in January", "\"2027-01-01\""),
        ("deals closing in Q1", "\"2027-01-01\""),
        ("deals won in January", "\"2026-01-01\""),
        ("calls in January", "\"2026-01-01T00:00\""),
        ("deals created in december", "\"2025-12-01T00:00\""),
    ] {
        let filter = say(said).calls.last().unwrap().1["filter"].to_string();
        assert!(filter.contains(&format!("\"gte\":{from}")), "{said}: {filter}");
    }
}

#[test]
fn a_reminder_keeps_its_text_its_day_and_its_hour() {
    for (said, title, due) in [
        ("remind me on monday to call Greta", "call Greta", "2026-11-23T09:00"),
        ("remind me to call Greta tomorrow at 10", "call Greta", "2026-11-23T10:00"),
        ("remind me to call Greta tomorrow at 15", "call Greta", "2026-11-23T15:00"),
        (
            "remind me to call Greta on friday about the offer",
            "call Greta about the offer",
            "2026-11-27T09:00",
        ),
        ("new task call Omar on friday", "call Omar", "2026-11-27T09:00"),
        ("remind me next week to call Greta", "call Greta", "2026-11-23T09:00"),
        ("create a task to send the quote by friday", "send the quote", "2026-11-27T09:00"),
    ] {
        let (tool, arguments, _) = say(said).calls.pop().unwrap();
        assert_eq!(
            (tool.as_str(), &arguments["title"], &arguments["due_at"]),
            ("task.create", &json!(title), &json!(due)),
            "{said}"
        );
    }
    refused("remind me at 3 to call Greta");
    refused("remind me in 2 hours to call Greta");
    refused("remind me to call Greta every monday");
}

#[test]
fn what_a_name_is_followed_by_is_no_part_of_it() {
    for (said, wanted) in [
        ("new deal Halden training 12k", json!({"name": "Halden training", "amount": {"amount": 12_000}})),
        (
            "create deal Foo rollout for Halden Logistics by next friday",
            json!({"name": "Foo rollout", "account": "a-halden", "close_date": "2026-11-27"}),
        ),
        (
            "create a deal called Vantage rollout for Vantage Dental Group, 25k, closing next friday",
            json!({"name": "Vantage rollout", "account": "a-vantage", "amount": {"amount": 25_000}, "close_date": "2026-11-27"}),
        ),
    ] {
        assert_eq!(say(said).calls.pop().unwrap().1, wanted, "{said}");
    }
}

#[test]
fn what_records_lack_may_be_more_than_one_field() {
    let came = say("contacts without email and phone");
    let filter = &came.calls.last().unwrap().1["filter"];
    assert_eq!(*filter, json!({"and": [{"emails": {"is_empty": true}}, {"phones": {"is_empty": true}}]}));
    refused("deals without amount or close date");
    refused("deals over 10k amount stage");
}

#[test]
fn who_is_there_already_is_created_again_only_on_request() {
    for said in [
        "create contact Omar Berg",
        "create lead Omar Berg, company Acme",
        "create account Wildflower Bakery",
    ] {
        let text = refused(said);
        assert!(text.starts_with("There is already the "), "{said}: {text}");
        let (tool, ..) = say(&format!("{said} · yes")).calls.pop().unwrap();
        assert!(tool.ends_with(".create"), "{said}: {tool}");
        assert!(refused(&format!("{said} · no")).starts_with("Nothing was changed."));
    }
}

#[test]
fn records_that_the_creation_found_alike_are_said() {
    let mut chat = Chat::new();
    chat.do_now("create contact Jane Roe, email jane@roe.example").call();
    let similar = json!([{"object": "contact", "id": "c7", "label": "J. Roe"}, {"object": "account", "id": "a9", "label": "Roe"}]);
    let created = json!({"object": "contact", "path": "/records/contacts", "record": {"id": "c8", "label": "Jane Roe"}, "similar": similar});
    let text = chat.result(created).text();
    assert!(text.contains("There is already another: [J. Roe](/records/contacts/c7), **Roe**."), "{text}");
}

#[test]
fn of_two_fields_with_one_label_the_standard_one_is_taken_and_said() {
    let amounts = catalogue::with_field("deal", ("amount2", "Amount", "currency"), false);
    let mut chat = Chat::with(amounts).looking_at("deal", "Acme renewal", "d1", "/records/deals");
    assert_eq!(chat.do_now("show deals by amount").call().1["sort"], "-amount");
    let text = chat.result(deals(&[("d1", "Acme renewal", 1, "LEAD")])).text();
    assert!(
        text.ends_with("There are two fields called Amount; I took `amount` and not `amount2`."),
        "{text}"
    );
    assert_eq!(chat.say("set its amount to 5k").call().1, json!({"id": "d1", "amount": {"amount": 5000}}));
}

#[test]
fn a_record_of_exactly_the_name_is_the_one_that_is_meant() {
    let mut chat = Chat::new();
    chat.say("how many contacts are at Acme?").call();
    let found = json!({"object": "account", "path": "/records/accounts", "has_more": false,
        "records": [{"id": "a1", "label": "Acme"}, {"id": "a2", "label": "Acme Branch"}]});
    assert_eq!(chat.result(found).call().1["filter"], json!({"account": {"eq": "a1"}}));
}

#[test]
fn the_next_task_is_the_one_due_next() {
    let came = say("latest note · next task");
    assert!(came.text.contains("Send the revised proposal"), "{}", came.text);
    let (tool, ..) = say("next meeting").calls.pop().unwrap();
    assert_eq!(tool, "activity.find");
}

#[test]
fn a_list_says_how_many_there_are_and_its_numbers_go_on() {
    let names: Vec<String> = (1..=3).map(|number| format!("Deal {number}")).collect();
    let rows: Vec<_> = names.iter().map(|name| (name.as_str(), name.as_str(), 1, "LEAD")).collect();
    let mut chat = Chat::new();
    chat.say("show open deals").call();
    let mut page = deals(&rows[..2]);
    page["has_more"] = json!(true);
    page["next"] = json!("c");
    page["total"] = json!(3);
    let text = chat.result(page).text();
    assert!(text.starts_with("The first 2 of **3 open deals**:"), "{text}");
    chat.say("more").call();
    let mut page = deals(&rows[2..]);
    page["total"] = json!(3);
    let text = chat.result(page).text();
    assert!(text.starts_with("3 to 3 of **3 deals**:") && text.contains("| 3 | [Deal 3]"), "{text}");
    // Each number names the record that was shown by it.
    for (place, name) in [("second", "Deal 2"), ("third", "Deal 3")] {
        let mut chat = chat.clone();
        assert_eq!(chat.say(&format!("move the {place} one to proposal")).call().1["id"], name);
    }
}

#[test]
fn what_a_member_declined_is_said_in_the_members_words() {
    let mut chat = Chat::new().looking_at("deal", "Acme", "d1", "/records/deals");
    chat.say("delete this deal").call();
    let denied = |comment: &str| {
        let message = format!("The member declined this call. Do not repeat it unasked.{comment}");
        json!({"error": {"code": "denied", "message": message}})
    };
    assert_eq!(chat.result(denied(" They said: not yet")).text(), "Not deleted: you said “not yet”.");
    chat.say("delete this deal").call();
    assert_eq!(chat.result(denied("")).text(), "Not deleted: you declined it.");
}

#[test]
fn empty_lists_are_said_in_good_english() {
    for (said, reply) in [
        ("tasks due tomorrow", "There are no tasks due on 2026-11-23."),
        ("my won deals under 1k", "There are no won deals of yours, with amount below 1,000."),
    ] {
        assert_eq!(say(said).text, reply);
    }
}

#[test]
fn choices_carry_what_tells_them_apart() {
    let mut chat = Chat::new();
    chat.say("mark the task Send the price list as done").call();
    let rows = json!([
        {"id": "t1", "label": "Send the price list", "due_at": "2026-11-23T09:00", "status": "TODO"},
        {"id": "t2", "label": "Send the price list", "due_at": "2026-11-30T09:00", "status": "TODO"},
    ]);
    let found = json!({"object": "task", "path": "/records/tasks", "records": rows, "has_more": false});
    let text = chat.result(found).text();
    assert!(text.contains("2026-11-30 09:00") && text.ends_with("Which one do you mean?"), "{text}");
    let mut chat = Chat::new();
    chat.say("show Nobody").call();
    assert!(chat.result(hits(&[])).text().starts_with("I know no record called “Nobody”."));
}
