//! Where a sentence can be taken otherwise than it was meant, it is asked back or declined.

use serde_json::{Value, json};

use super::{
    Chat, deals,
    sales::{Came, say},
};

/// What a sentence says where nothing may be written.
#[track_caller]
fn asked(said: &str) -> String {
    let Came { calls, text } = say(said);
    let reads = |tool: &str| tool == "search" || tool.ends_with(".find") || tool.ends_with(".get");
    let writes: Vec<_> = calls.iter().filter(|(tool, ..)| !reads(tool)).collect();
    assert!(writes.is_empty(), "{said}: {writes:?}");
    text
}

/// The filter that a sentence comes to.
#[track_caller]
fn filter(said: &str) -> Value {
    let came = say(said);
    let Some((_, arguments, _)) = came.calls.last() else { panic!("{said}: {}", came.text) };
    arguments["filter"].clone()
}

/// Nothing is asked of the records but by name.
#[track_caller]
fn declined(said: &str) -> String {
    let Came { calls, text } = say(said);
    let acts: Vec<_> = calls.iter().filter(|(_, arguments, _)| arguments.get("total").is_some()).collect();
    let groups = calls.iter().any(|(tool, ..)| tool.ends_with(".group"));
    assert!(acts.is_empty() && !groups, "{said}: {acts:?}");
    text
}

#[test]
fn what_is_denied_goes_on_behind_or_and_and() {
    let neither = json!({"stage": {"not_in": ["PROPOSAL", "NEGOTIATION"]}});
    for said in [
        "deals that aren't in proposal or negotiation",
        "how many deals are not in proposal or negotiation?",
        "deals not in proposal and negotiation",
        "deals excluding proposal, negotiation",
        "deals not in proposal or in negotiation",
        "deals not in proposal nor negotiation",
        "deals not in proposal and not in negotiation",
        "count deals where the stage is not proposal or negotiation",
    ] {
        assert_eq!(filter(said), neither, "{said}");
    }
    let three = json!({"stage": {"not_in": ["LEAD", "PROPOSAL", "NEGOTIATION"]}});
    assert_eq!(filter("deals excluding lead, proposal and negotiation"), three);
    assert_eq!(filter("leads not new or contacted"), json!({"status": {"not_in": ["NEW", "CONTACTED"]}}));
    assert_eq!(
        filter("deals in proposal or negotiation"),
        json!({"stage": {"in": ["PROPOSAL", "NEGOTIATION"]}})
    );
    for said in [
        "deals not in proposal and in negotiation",
        "deals not in proposal and lost",
        "deals not in proposal in negotiation",
        "deals not yet in proposal and won",
        "deals not in proposal yet or negotiation",
        "deals not won in october",
        "deals not won and in proposal",
        "deals not won or over 10k",
        "deals in proposal but not negotiation",
    ] {
        let text = declined(said);
        assert!(text.starts_with("I do not understand"), "{said}: {text}");
    }
    let came = say("deals not won or lost");
    assert!(came.text.contains("7 deals") && came.text.contains("not won, not lost"), "{}", came.text);
}

#[test]
fn a_period_is_denied_only_of_what_took_place() {
    for said in [
        "how many deals are not closing before december?",
        "contacts were not created in october",
        "deals not closing this month",
        "deals not closed this month",
        "deals that don't close this month",
        "tasks not due this week",
        "tasks not due today",
        "deals not closing between december 1 and december 24",
        "deals not this month",
        "deals whose close date is not this month",
        "deals not older than 30 days",
        "deals that Max didn't win",
        "how many deals didn't Max win?",
    ] {
        let text = declined(said);
        assert!(text.starts_with("I do not understand"), "{said}: {text}");
    }
    for said in ["deals not updated this month", "deals not updated since november 1"] {
        assert_eq!(filter(said), json!({"updated_at": {"lt": "2026-11-01T00:00"}}), "{said}");
    }
}

#[test]
fn the_reply_says_the_denial() {
    let text = say("how many deals have amount not 84000").text;
    assert!(text.contains("with amount not 84,000"), "{text}");
    declined("how many deals have amount not 84000 eur");
}

#[test]
fn a_pronoun_is_never_taken_for_something_else() {
    for said in [
        "show won deals · how much are they worth?",
        "show won deals · how many are they?",
        "show open deals · what is their amount?",
    ] {
        let text = declined(said);
        assert!(!text.contains("deals**"), "{said}: {text}");
    }
    for said in [
        "find deal Arden pilot · log a call with him: hi",
        "find deal Arden pilot · note on her: hi",
        "find deal Arden pilot · delete him",
        "find deal Arden pilot · move him to proposal",
        "find account Cascade Pharma · deals of him",
        "set the amount of Arden pilot to 20k and her close date to friday",
        "show open deals · delete them",
    ] {
        let text = asked(said);
        assert!(text.starts_with("I do"), "{said}: {text}");
    }
    let came = say("find contact Omar Berg · find deal Arden pilot · log a call with him: hi");
    let (tool, arguments, _) = came.calls.last().unwrap();
    assert_eq!((tool.as_str(), &arguments["target"]["id"]), ("activity.log", &json!("c-omar")));
}

#[test]
fn a_denial_is_part_of_a_name_only_where_a_record_has_just_that_one() {
    let not_yet = [("d1", "Deal not yet decided", 1, "LEAD"), ("d2", "not yet decided not", 1, "LEAD")];
    let said = "move deal not yet decided not to closed lost";
    let mut chat = Chat::new();
    chat.say(said).call();
    let text = chat.result(deals(&not_yet[..1])).text();
    assert!(text.starts_with("I do not understand “not” here"), "{text}");
    let mut chat = Chat::new();
    chat.say(said).call();
    let (_, arguments) = chat.result(deals(&not_yet)).call();
    assert_eq!(arguments, json!({"id": "d2", "stage": "CLOSED_LOST"}));
    for said in [
        "move Arden pilot not to closed lost",
        "delete not Arden pilot",
        "never move Arden pilot to proposal",
    ] {
        asked(said);
    }
}

#[test]
fn what_is_closed_was_closed_on_a_day_that_lies_behind() {
    for (said, date) in [
        ("mark Arden pilot as won, close date november 15", "2026-11-15"),
        ("mark Arden pilot as lost and set its close date to november 15", "2026-11-15"),
        ("set the close date of Arden pilot to november 15 and move it to closed won", "2026-11-15"),
        ("mark Arden pilot as won, close date friday", "2026-11-20"),
        ("create deal \"Old win\", stage closed won, close date october 5", "2026-10-05"),
        ("create deal \"Old win\", close date october 5, stage closed won", "2026-10-05"),
        ("create deal \"Old win\" closing october 5, stage closed lost", "2026-10-05"),
        ("set the close date of Halden rollout to november 15", "2026-11-15"),
        ("set the close date of Wildflower expansion to october 5", "2026-10-05"),
        ("set the close date of Wildflower expansion to october 5 2027", "2027-10-05"),
        // What is open, or opened again, is to be closed.
        ("set the close date of Arden pilot to november 15", "2027-11-15"),
        ("move Halden rollout to proposal, close date november 15", "2027-11-15"),
        ("create deal \"New one\", stage proposal, close date october 5", "2027-10-05"),
    ] {
        assert_eq!(say(said).calls.last().unwrap().1["close_date"], date, "{said}");
    }
    for said in [
        "mark Arden pilot as won, close date december 5",
        "create deal \"Old win\" closing december 5, stage closed won",
        "set the close date of Halden rollout to december 5",
    ] {
        let text = asked(said);
        assert_eq!(text, "Say the close date with its year, for example 2026-11-15.", "{said}");
    }
    let text = asked("create deal \"New one\", account Closed won, close date october 5");
    assert!(!text.contains("Created"), "{text}");
}

#[test]
fn the_time_of_a_reminder_is_understood_or_asked_for() {
    for (said, due) in [
        ("remind me monday morning to call Omar", "2026-11-23T09:00"),
        ("remind me to call Omar on monday in the morning", "2026-11-23T09:00"),
        ("remind me this evening to call Omar", "2026-11-22T18:00"),
        ("remind me to call Omar tomorrow evening", "2026-11-23T18:00"),
        ("remind me tomorrow at noon to call Omar", "2026-11-23T12:00"),
        ("remind me at noon on friday to call Omar", "2026-11-27T12:00"),
        ("remind me to call Omar friday at 14h", "2026-11-27T14:00"),
        ("remind me tomorrow at half past nine to call Omar", "2026-11-23T09:30"),
        ("remind me at half past nine tomorrow to call Omar", "2026-11-23T09:30"),
        ("remind me at the end of the month to call Omar", "2026-11-30T09:00"),
        ("remind me to call Omar at the end of the month", "2026-11-30T09:00"),
        ("remind me tomorrow at 3pm to call Omar", "2026-11-23T15:00"),
    ] {
        let came = say(said);
        let Some((tool, arguments, _)) = came.calls.last() else { panic!("{said}: {}", came.text) };
        assert_eq!(
            (tool.as_str(), &arguments["title"], &arguments["due_at"]),
            ("task.create", &json!("call Omar"), &json!(due)),
            "{said}"
        );
    }
    for said in [
        "remind me on christmas to call Omar",
        "remind me to call Omar on christmas",
        "remind me to call Omar on christmas about the offer",
        "remind me on 12/5 to call Omar",
        "remind me to call Omar on 12/5",
        "remind me at noon to call Omar",
        "remind me to call Omar at noon",
        "remind me at half past nine to call Omar",
        "remind me tomorrow at half past three to call Omar",
        "remind me first thing monday to call Omar",
        "remind me to call Omar first thing monday",
        "remind me to call Omar monday first thing",
        "remind me tomorrow at 10 or 11 to call Omar",
        "remind me to call Omar monday or tuesday",
        "remind me tonight to call Omar",
        "remind me tomorrow night to call Omar",
        "remind me this afternoon to call Omar",
        "remind me after friday to call Omar",
        "remind me tomorrow to call Omar in the morning",
        "remind me monday to call Omar friday",
        "remind me early tomorrow to call Omar",
        "remind me later to call Omar",
        "remind me new year's eve to call Omar",
        "remind me in the morning to call Omar",
        "remind me friday at 3h to call Omar",
        "create a task to call Omar monday or tuesday",
    ] {
        asked(said);
    }
    for said in [
        "remind me to check in with Omar",
        "remind me to check in tomorrow",
        "remind me to prepare the morning briefing on friday",
        "remind me to prepare the budget 2027",
        "remind me about the offer to Omar",
        "remind me to get back to Omar",
        "remind me to call Omar on friday at the office",
        "remind me tomorrow to \"plan christmas\"",
    ] {
        let came = say(said);
        assert_eq!(
            came.calls.last().map(|(tool, ..)| tool.as_str()),
            Some("task.create"),
            "{said}: {}",
            came.text
        );
    }
}

#[test]
fn a_question_changes_nothing_until_it_is_consented_to() {
    for said in [
        "we won Arden pilot",
        "we lost Arden pilot",
        "move Arden pilot to proposal",
        "delete Arden pilot",
        "rename Arden pilot to Arden trial",
        "remind me to call Omar tomorrow",
        "create deal Foo",
    ] {
        for mark in ["?", " ?", "?!", "? thanks"] {
            let text = asked(&format!("{said}{mark}"));
            assert!(text.contains(&format!("Did you mean “{said}")), "{said}{mark}: {text}");
        }
    }
    assert!(asked("find deal Arden pilot · we won it?").contains("Did you mean “we won it”?"));
    assert!(asked("we won Arden pilot? · no").starts_with("Nothing was changed."));
    let (tool, arguments, _) = say("we won Arden pilot? · yes").calls.pop().unwrap();
    assert_eq!((tool.as_str(), &arguments["stage"]), ("deal.update", &json!("CLOSED_WON")));
    // A request is one, and the mark of a text belongs to the text.
    for said in [
        "could you move Arden pilot to proposal?",
        "hi, can you please move Arden pilot to proposal?",
        "move Arden pilot to proposal, please?",
        "note on Cascade Pharma: is the budget frozen?",
        "rename Arden pilot to \"Arden?\"",
    ] {
        let (tool, ..) = say(said).calls.pop().unwrap();
        assert!(tool.ends_with(".update") || tool.ends_with(".create"), "{said}: {tool}");
    }
}

#[test]
fn a_word_out_of_a_title_is_no_name_that_something_is_done_to() {
    for said in ["change demo's title to Head of Procurement", "rename demo to Head of Procurement"] {
        let text = asked(said);
        assert!(text.contains("comes near it") && text.contains("Prepare the demo"), "{said}: {text}");
    }
    let came = say("mark prepare the demo as done");
    assert!(came.calls.iter().any(|(tool, ..)| tool == "task.update"), "{}", came.text);
}

#[test]
fn a_name_before_its_object_is_a_name_where_it_describes_nothing() {
    for said in ["who owns the Tessel pilot deal?", "who owns deal Tessel pilot?"] {
        assert!(asked(said).contains("Max Okafor"), "{said}");
    }
    assert!(asked("who owns the gigantic deal?").contains("gigantic"));
}
