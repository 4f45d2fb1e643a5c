//! What the documentation says is understood.

use serde_json::{Value, json};

use super::{Chat, Did, deals};

const DOCUMENT: &str = include_str!("../../../../docs/commands.md");

/// The texts in backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// In the middle of a conversation: a list with a further page was shown, and a deal is on the page.
fn chat() -> Chat {
    let mut chat = Chat::new().looking_at("deal", "Acme renewal", "d2", "/records/deals");
    chat.say("show open deals").call();
    let mut shown = deals(&[("d1", "Globex rollout", 9, "LEAD"), ("d2", "Acme renewal", 8, "LEAD")]);
    shown["has_more"] = json!(true);
    shown["next"] = json!("cursor");
    chat.result(shown).text();
    chat
}

/// What a workspace answers in which there is exactly what is asked for.
fn workspace(tool: &str, arguments: &Value) -> Value {
    let (object, verb) = tool.split_once('.').unwrap_or(("deal", "search"));
    let path = format!("/records/{object}s");
    // There is exactly what is asked for by its name.
    let condition = arguments["filter"].as_object().and_then(|filter| filter.values().next());
    if condition.is_some_and(|condition| condition.get("eq").is_some()) && arguments["limit"] == 3 {
        return json!({"object": object, "path": path, "records": [], "has_more": false});
    }
    let name = [&arguments["search"], &arguments["query"], &condition.unwrap_or(&Value::Null)["contains"]];
    let label = name.iter().find_map(|name| name.as_str()).unwrap_or("The one");
    let record = json!({"id": "r1", "label": label, "object": object, "path": path});
    match verb {
        "search" => json!({"results": [record]}),
        "find" => json!({"object": object, "path": path, "records": [record], "has_more": false}),
        "group" => json!({"object": object, "groups": [{"by": {}, "count": 3}]}),
        "timeline" => {
            json!({"object": object, "id": "r1", "label": "The one", "path": path, "entries": [], "has_more": false})
        }
        _ => json!({"object": object, "path": path, "record": record, "changes": {}, "arguments": arguments}),
    }
}

/// Says a sentence and does what it calls for; the calls and the reply.
fn say(said: &str) -> (Vec<(String, Value)>, String) {
    let mut chat = chat();
    let (mut did, mut called) = (chat.say(said), Vec::new());
    for _ in 0..4 {
        match did {
            Did::Said(text) => return (called, text),
            Did::Called(calls) => {
                let results: Vec<_> =
                    calls.iter().map(|(tool, arguments)| workspace(tool, arguments)).collect();
                called.extend(calls);
                did = chat.results(&results);
            }
        }
    }
    panic!("{said}: it goes on calling: {called:?}")
}

fn is_understood(said: &str) -> Result<(), String> {
    let (called, text) = say(said);
    let refused =
        ["I do not", "There are no", "I know no", "That did not work", "I lost track", "cannot be", "Say "];
    let answered = if said == "help" { text.contains("I understand:") } else { !called.is_empty() };
    if answered && !refused.iter().any(|words| text.starts_with(words)) { Ok(()) } else { Err(text) }
}

#[test]
fn every_command_in_the_document_is_understood() {
    let rows = DOCUMENT.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" | "));
    let commands: Vec<&str> = rows.flat_map(|(_, examples)| quoted(examples)).collect();
    assert!(commands.len() > 30, "{commands:?}");
    for command in commands {
        if let Err(reply) = is_understood(command) {
            panic!("{command}: {reply}");
        }
    }
}

#[test]
fn every_word_and_value_in_the_documents_text_is_understood_in_its_place() {
    let prose = DOCUMENT.lines().filter(|line| !line.starts_with('|'));
    let words: Vec<&str> = prose.flat_map(quoted).filter(|word| *word != "builtin").collect();
    assert!(words.len() > 8, "{words:?}");
    for word in words {
        let places = [
            "{}",
            "show {}",
            "set its amount to {}",
            "set its close date to {}",
            "deals closing {}",
            "set its {} to 5",
        ];
        let taken = places.iter().any(|place| {
            let said = place.replace("{}", word);
            let (called, _) = say(&said);
            // Looking a word up by name is no understanding of it.
            called
                .first()
                .is_some_and(|(tool, arguments)| tool != "search" && arguments.get("search").is_none())
        });
        assert!(taken, "{word}");
    }
}

#[test]
fn what_the_document_says_of_figures_holds_for_each_word() {
    let row = DOCUMENT.lines().find(|line| line.starts_with("| add up")).unwrap();
    for (word, function) in [("average", "avg"), ("largest", "max"), ("smallest", "min"), ("total", "sum")] {
        assert!(row.contains(word), "{row}");
        let (called, _) = say(&format!("{word} amount of deals by stage"));
        assert_eq!(called[0].0, "deal.group", "{word}");
        assert_eq!(called[0].1["aggregates"][1]["function"], function, "{word}");
    }
}
