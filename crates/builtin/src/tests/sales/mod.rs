//! A hundred sentences of a sales person against the records of a small workspace: how many are understood, and
//! that none is acted upon or answered otherwise than it was meant.

mod workspace;

use serde_json::{Value, json};

use super::{Chat, Did, catalogue};
use workspace::Workspace;

const SENTENCES: &str = include_str!("sentences.txt");
/// The fewest that must be understood.
const UNDERSTOOD: usize = 90;

/// What came of the last message of a chat.
#[derive(Default)]
pub(super) struct Came {
    /// The calls and their results.
    pub(super) calls: Vec<(String, Value, Value)>,
    pub(super) text: String,
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Understood,
    Wrong,
    Declined,
}

/// Says messages, parted by `·`, in one chat.
pub(super) fn say(messages: &str) -> Came {
    let workspace = Workspace::new();
    let mut chat = Chat::with(catalogue::of_sales());
    let mut came = Came::default();
    for message in messages.split(" · ") {
        came = Came::default();
        let mut did = chat.say(message);
        for _ in 0..12 {
            match did {
                Did::Said(text) => {
                    came.text = text;
                    break;
                }
                Did::Called(calls) => {
                    let mut results = Vec::new();
                    for (tool, arguments) in calls {
                        let result = workspace.run(&tool, &arguments);
                        results.push(result.clone());
                        came.calls.push((tool, arguments, result));
                    }
                    did = chat.results(&results);
                }
            }
        }
        assert!(!came.text.is_empty(), "{messages}: it goes on calling: {:?}", came.calls);
    }
    came
}

impl Came {
    fn writes(&self) -> Vec<&(String, Value, Value)> {
        const READS: [&str; 4] = ["find", "get", "group", "timeline"];
        let reads = |tool: &str| tool == "search" || READS.iter().any(|verb| tool.ends_with(verb));
        self.calls.iter().filter(|(tool, ..)| !reads(tool)).collect()
    }

    /// Whether it asks back or says that it cannot, and did nothing.
    fn is_declined(&self) -> bool {
        const SAYS: [&str; 13] = [
            "I do not",
            "I cannot",
            "I know no",
            "Did you mean",
            "Which one",
            "What ",
            "Say ",
            "I do that to one",
            "can mean",
            "There is already",
            "I see no",
            "I keep no",
            "There are several",
        ];
        self.writes().is_empty() && SAYS.iter().any(|say| self.text.contains(say))
    }

    fn judged(&self, expected: &str) -> Verdict {
        let (kind, rest) = expected.split_once(": ").unwrap_or((expected, ""));
        let is_right = match kind.split(' ').collect::<Vec<_>>().as_slice() {
            ["list" | "order", object] => self.shows(object, rest, kind.starts_with("order")),
            ["says"] => {
                self.writes().is_empty()
                    && !self.is_declined()
                    && rest.split(" & ").all(|part| self.text.contains(part))
            }
            ["writes", tool] => {
                let wanted: Value = serde_json::from_str(rest).unwrap();
                let writes = self.writes();
                matches!(writes.as_slice(), [(called, arguments, _)] if called == tool && holds(arguments, &wanted))
            }
            ["asks" | "cannot"] => {
                return if self.is_declined() { Verdict::Declined } else { Verdict::Wrong };
            }
            other => panic!("{other:?} is no outcome"),
        };
        match (is_right, self.is_declined()) {
            (true, _) => Verdict::Understood,
            (false, true) => Verdict::Declined,
            (false, false) => Verdict::Wrong,
        }
    }

    fn shows(&self, object: &str, names: &str, in_order: bool) -> bool {
        let Some((tool, _, result)) = self.calls.last() else { return false };
        let rows = result["records"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut shown: Vec<&str> = rows.iter().filter_map(|row| row["label"].as_str()).collect();
        let mut wanted: Vec<&str> = names.split(", ").collect();
        if !in_order {
            shown.sort_unstable();
            wanted.sort_unstable();
        }
        *tool == format!("{object}.find") && shown == wanted && self.writes().is_empty()
    }
}

/// Whether all that is wanted stands in a value; texts without regard to case.
fn holds(value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        (Value::Object(value), Value::Object(wanted)) => {
            wanted.iter().all(|(key, wanted)| value.get(key).is_some_and(|value| holds(value, wanted)))
        }
        (Value::String(value), Value::String(wanted)) => value.to_lowercase() == wanted.to_lowercase(),
        (value, wanted) => value == wanted,
    }
}

fn sentences() -> impl Iterator<Item = (&'static str, &'static str)> {
    SENTENCES.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(" => "))
}

#[test]
fn of_a_hundred_sentences_none_is_taken_otherwise_than_it_was_meant() {
    let mut counts = [0; 3];
    let mut report = String::new();
    for (said, expected) in sentences() {
        let came = say(said);
        let verdict = came.judged(expected);
        let is_right = verdict == Verdict::Declined && matches!(expected, "asks" | "cannot");
        if verdict != Verdict::Understood && !is_right {
            let calls: Vec<_> =
                came.calls.iter().map(|(tool, arguments, _)| format!("{tool} {arguments}")).collect();
            report.push_str(&format!(
                "\n{verdict:?}: {said} => {expected}\n    {calls:?}\n    {}",
                came.text.lines().take(3).collect::<Vec<_>>().join(" / ")
            ));
        }
        counts[match verdict {
            Verdict::Understood => 0,
            Verdict::Wrong => 1,
            Verdict::Declined => 2,
        }] += 1;
    }
    let [understood, wrong, declined] = counts;
    println!("{understood} understood, {wrong} wrong, {declined} declined{report}");
    assert_eq!(understood + wrong + declined, 100);
    assert_eq!(wrong, 0, "{report}");
    assert!(understood >= UNDERSTOOD, "{understood} understood{report}");
}

#[test]
fn the_workspace_of_the_sentences_answers_as_the_real_one() {
    let workspace = Workspace::new();
    let found = workspace.run(
        "deal.find",
        &json!({"filter": {"and": [{"amount": {"gt": 50_000}}, {"owner": {"eq": "$me"}}]}, "sort": "-amount"}),
    );
    let labels: Vec<_> =
        found["records"].as_array().unwrap().iter().map(|row| row["label"].clone()).collect();
    assert_eq!(labels, ["Cascade pilot", "Halden rollout"]);
}
