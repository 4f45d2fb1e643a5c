use kontor_core::error::Issue;

use super::*;
use crate::dataset::{Format, Source, read::read_alone};

fn told(unsupported: &[Issue]) -> Vec<String> {
    unsupported.iter().map(ToString::to_string).collect()
}

/// What was imported is a dataset that can be read again.
fn is_valid(imported: &Imported) {
    let text = serde_json::to_string(&imported.dataset).unwrap();
    let read = read_alone(Source { file: "a.yaml", text: &text, format: Format::Yaml });
    assert_eq!(read.unwrap_or_else(|error| panic!("{error}")), imported.dataset);
}

#[test]
fn tests_of_promptfoo_become_cases_and_the_rest_is_named() {
    let text = r#"
description: Support
providers: [openai:gpt-5]
prompts: ["Say {{ greeting }} to {{name}}", "file://prompt.txt"]
defaultTest:
  vars: {greeting: hello}
  assert: [{type: latency, threshold: 2000}]
tests:
  - description: greets
    vars: {name: Ada}
    assert:
      - {type: icontains, value: ada}
      - {type: contains-any, value: [hello, hi]}
      - {type: not-contains, value: bye}
      - {type: regex, value: "^Hello"}
      - {type: equals, value: "Hello (Ada)"}
      - {type: is-json, value: {type: object}}
      - {type: llm-rubric, value: It is polite.}
      - {type: cost, threshold: 0.01}
      - {type: javascript, value: "output.length < 5"}
      - {type: regex, value: "(?=a)"}
  - vars: {nam: Bob}
    options: {transform: x}
    assert: [{type: contains, value: Bob}]
"#;
    let imported = promptfoo("support", text).unwrap();
    is_valid(&imported);
    let [case] = imported.dataset.cases.as_slice() else { panic!("{imported:?}") };
    assert_eq!((case.name.as_str(), case.turns.as_slice()), ("greets", &["Say hello to Ada".to_owned()][..]));
    let reply = case.expect.reply.clone().unwrap();
    assert_eq!(
        (reply.contains, reply.contains_any, reply.not_contains),
        (vec!["ada".into()], vec!["hello".into(), "hi".into()], vec!["bye".into()])
    );
    assert_eq!(reply.matches, ["^Hello", r"^\s*Hello \(Ada\)\s*$"]);
    assert!(reply.json_schema.is_some());
    assert_eq!(case.expect.rubric.clone().unwrap().criteria, ["It is polite."]);
    let limits = case.expect.limits.clone().unwrap();
    assert_eq!((limits.cost, limits.latency_ms), (Some(0.01), Some(2000)));
    let told = told(&imported.unsupported);
    let expected = [
        "providers: it has no counterpart here",
        "prompts[1]: a prompt that is not a text",
        "tests[0].assert[8]: javascript has no counterpart here",
        "tests[0].assert[9]: (?=a) is no regular expression here",
        "tests[1].options: it has no counterpart here",
        "prompts[0]: for tests[1]: undefined value",
    ];
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.starts_with(expected), "{told}\nexpected {expected}");
    }
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    assert!(promptfoo("a", "[1]").is_err());
}

#[test]
fn samples_of_inspect_become_cases_and_the_rest_is_named() {
    let text = r#"
{"id": "one", "input": "How many?", "target": "42"}
{"id": 2, "input": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Who?"}], "target": ["Ada", "Bob"], "metadata": {}}

{"input": "Draw it", "choices": ["a"]}
{"id": "one", "input": "How many more?", "target": "7"}
{"input": []}
"#;
    let imported = inspect("samples", text).unwrap();
    is_valid(&imported);
    let cases: Vec<_> = imported
        .dataset
        .cases
        .iter()
        .map(|case| {
            (
                case.name.as_str(),
                case.turns.join("|"),
                case.expect.reply.clone().unwrap().contains_any.join("|"),
            )
        })
        .collect();
    assert_eq!(
        cases,
        [
            ("one", "How many?".to_owned(), "42".to_owned()),
            ("sample 2", "Who?".to_owned(), "Ada|Bob".to_owned()),
            ("one (2)", "How many more?".to_owned(), "7".to_owned()),
        ]
    );
    assert_eq!(
        told(&imported.unsupported),
        [
            "[1].input[0]: a message of the system cannot be put in the agent's mouth",
            "[1].metadata: it has no counterpart here",
            "[2].choices: it has no counterpart here",
            "[2]: nothing of it can be judged here, so it is left out",
            "[4]: nobody says anything in it, so it is left out",
        ]
    );
    assert_eq!(inspect("a", "[{\"input\": \"a\", \"target\": \"b\"}]").unwrap().dataset.cases.len(), 1);
    assert!(inspect("a", "no").is_err());
}

#[test]
fn a_name_is_made_one_that_a_dataset_may_have() {
    let named = |name: &str| {
        let imported = inspect(name, "{\"input\": \"a\", \"target\": \"b\"}").unwrap();
        is_valid(&imported);
        imported.dataset.name
    };
    assert_eq!(named("Größe & Maß (2)"), "grosse-mass-2");
    assert_eq!(named("日本"), "imported");
    assert_eq!(named(&"a".repeat(90)).len(), 60);
}

#[test]
fn what_cannot_be_read_is_told_with_its_place_and_an_empty_dataset_is_refused() {
    let told =
        inspect("a", "{\"input\": \"a\", \"target\": \"b\"}\n\n{\"input\": }").unwrap_err().to_string();
    assert!(told.starts_with("this cannot be read: line 3, column 11: "), "{told}");
    let told = inspect("a", "{\"input\": \" \", \"target\": \"b\"}").unwrap_err().to_string();
    assert_eq!(told, "no case could be taken over\n[0]: nobody says anything in it, so it is left out");
    let told = promptfoo("a", "prompts: [a]\ntests: [b]").unwrap_err().to_string();
    assert!(told.ends_with("tests[0]: a test that is not an object"), "{told}");
    let told = promptfoo("a", "prompts: [a\ntests: 1").unwrap_err().to_string();
    assert!(told.contains("line 2"), "{told}");
}
