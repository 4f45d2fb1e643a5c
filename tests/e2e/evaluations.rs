//! `kontor eval`, with no server, no configuration and no network.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use kontor_core::environment::Environment;
use serde_json::Value;
use tempfile::TempDir;

use crate::fixture::binary;

/// What is printed, and what the command ends with.
fn eval(within: &Path, arguments: &[&str]) -> (String, i32) {
    let output = Command::new(binary()).arg("eval").args(arguments).current_dir(within).output().unwrap();
    let told = [output.stdout, output.stderr].concat();
    (String::from_utf8_lossy(&told).into_owned(), output.status.code().unwrap())
}

fn shipped(name: &str) -> String {
    format!("{}/../../evals/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn shipped_cases_are_tried_and_a_result_is_compared_with_itself() {
    let folder = TempDir::new().unwrap();
    let querying = shipped("skills-querying.yaml");
    let run =
        ["run", &querying, "--tag", "sums", "--json", "one.json", "--junit", "one.xml", "--run", "kept"];
    let (told, code) = eval(folder.path(), &run);
    assert_eq!(code, 0, "{told}");
    let result: Value = serde_json::from_slice(&fs::read(folder.path().join("one.json")).unwrap()).unwrap();
    let totals = &result["totals"];
    assert!(totals["trials"].as_u64().unwrap() >= 5, "{totals}");
    assert_eq!(totals["passed"], totals["trials"]);
    assert!(fs::read_to_string(folder.path().join("one.xml")).unwrap().contains("<testsuite"));
    assert!(!folder.path().join("kontor-data").exists(), "a run leaves no data folder");

    // It has ended: nothing is run again.
    let begun = fs::metadata(folder.path().join("kept/trials.jsonl")).unwrap().len();
    assert_eq!(eval(folder.path(), &run).1, 0);
    assert_eq!(fs::metadata(folder.path().join("kept/trials.jsonl")).unwrap().len(), begun);
    let (told, code) = eval(folder.path(), &["compare", "one.json", "one.json"]);
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("no case differs"), "{told}");
}

/// A result without what differs from run to run.
fn timeless(path: &Path) -> Value {
    fn without_times(value: &mut Value) {
        match value {
            Value::Object(members) => {
                members.retain(|name, _| !name.starts_with("latency"));
                members.values_mut().for_each(without_times);
            }
            Value::Array(items) => items.iter_mut().for_each(without_times),
            _ => {}
        }
    }
    let mut json = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    without_times(&mut json);
    json
}

/// A run is killed so many times; `KONTOR_TEST_KILLS` says another number.
const KILLS: u64 = 5;

#[test]
fn a_run_that_is_killed_again_and_again_ends_with_the_numbers_of_one_that_was_not() {
    let folder = TempDir::new().unwrap();
    let kills = std::env::var("KONTOR_TEST_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let workflow = shipped("skills-workflow.yaml");
    let run = |json: &str, kept: &str| {
        let mut command = Command::new(binary());
        let flags = ["eval", "run", &workflow, "--json", json, "--run", kept, "--concurrency", "2"];
        command.args(flags).current_dir(folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    run("whole.json", "whole").status().unwrap();
    let environment = Environment::system();
    let kept = || fs::read(folder.path().join("kept/trials.jsonl")).map_or(0, |text| text.len());
    for _ in 0..kills {
        let before = kept();
        let mut child = run("resumed.json", "kept").spawn().unwrap();
        // Somewhere in the middle: after a trial or two more, or before the first.
        let random = u64::from(u16::from_le_bytes(environment.random()));
        std::thread::sleep(Duration::from_millis(100 + random % 1_500));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(kept() >= before, "what was kept stays");
    }
    run("resumed.json", "kept").status().unwrap();
    let [whole, resumed] = ["whole.json", "resumed.json"].map(|name| timeless(&folder.path().join(name)));
    assert_eq!(resumed, whole);
    assert_eq!(whole["totals"]["complete"], true);
}

#[test]
fn what_is_wrong_is_told_by_line_and_by_what_the_command_ends_with() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write(
        "fails.yaml",
        "name: fails\ncases:\n  - name: one\n    turns: [show accounts]\n    expect: {reply: {contains: [Nowhere]}}\n",
    );
    let (told, code) = eval(folder.path(), &["run", "fails.yaml"]);
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("0 of 1 trials passed"), "{told}");
    let run = |more: &[&str]| eval(folder.path(), &[&["run", "fails.yaml"], more].concat());
    // Wrong flags are told before anything is run, and nothing is written then.
    for (flags, expected) in [
        (&["--agent", "sales-asistant"][..], "Did you mean sales-assistant?"),
        (&["--model", "lost/model"], "there is no model lost/model"),
        (&["--record", "tape.jsonl"], "no language model is asked"),
        (&["--model", "builtin", "--replay", "gone.jsonl"], "gone.jsonl"),
        (&["--json", "no/such/folder.json"], "no/such/folder.json cannot be written"),
        (&["--tag", "nothing"], "no case has one of these tags"),
        (&["--prompt", "gone.md"], "gone.md"),
        (&["--trials", "0"], "0 is not in 1..=1000"),
    ] {
        let (told, code) = run(flags);
        assert_eq!(code, 2, "{flags:?}: {told}");
        assert!(told.contains(expected) && !told.contains("trials passed"), "{flags:?}: {told}");
    }
    assert!(!folder.path().join("tape.jsonl").exists());
    let (told, code) = run(&["--json", "fails.json"]);
    assert_eq!(code, 1, "{told}");
    let result = fs::read_to_string(folder.path().join("fails.json")).unwrap();
    write("other.json", &result.replace("\"form\": 2", "\"form\": 1"));
    let (told, code) = eval(folder.path(), &["compare", "fails.json", "other.json"]);
    assert_eq!(code, 2, "{told}");
    assert!(told.contains("other.json: the result has form 1"), "{told}");
    write("wrong.yaml", "name: wrong\ncases:\n  - name: one\n    turns: [hello]\n    expects: {}\n");
    let (told, code) = eval(folder.path(), &["validate", "wrong.yaml", "gone.yaml"]);
    assert_eq!(code, 2, "{told}");
    assert!(told.contains("wrong.yaml:5") && told.contains("gone.yaml"), "{told}");
}
