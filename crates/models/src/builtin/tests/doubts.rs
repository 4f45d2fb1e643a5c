//! Where a sentence can be taken otherwise than it was meant, it is asked back or declined.

use serde_json::json;

use super::sales::{Came, say};

/// What a sentence says where nothing may be written.
#[track_caller]
fn asked(said: &str) -> String {
    let Came { calls, text } = say(said);
    let reads = |tool: &str| tool == "search" || tool.ends_with(".find") || tool.ends_with(".get");
    let writes: Vec<_> = calls.iter().filter(|(tool, ..)| !reads(tool)).collect();
    assert!(writes.is_empty(), "{said}: {writes:?}");
    text
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
