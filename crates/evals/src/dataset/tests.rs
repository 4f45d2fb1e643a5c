//! What is read, what is refused and where that is told.

use std::path::Path;

use serde_json::{Value as Json, json};

use super::{read::read_alone, *};

fn yaml(text: &str) -> Source<'_> {
    Source { file: "evals/sales.yaml", text, format: Format::Yaml }
}

fn faults(text: &str) -> Vec<String> {
    match read_alone(yaml(text)) {
        Ok(_) => Vec::new(),
        Err(error) => error.faults.iter().map(Fault::to_string).collect(),
    }
}

/// The example of docs/evaluations.md.
fn example() -> String {
    let document = include_str!("../../../../docs/evaluations.md");
    let (_, rest) = document.split_once("```yaml\n").unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

#[test]
fn the_example_of_the_document_is_read() {
    let dataset = read_alone(yaml(&example())).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(dataset.cases.len(), 5);
    assert_eq!(dataset.fixture.all_records().len(), 4);
    let renewal = dataset.effective(&dataset.cases[1]);
    assert_eq!(renewal.member.as_deref(), Some("mira"));
    assert_eq!(renewal.tags, ["workflow", "sales"]);
    assert_eq!(renewal.expect.limits.unwrap().steps, Some(8));
    assert_eq!(renewal.expect.trajectory.unwrap().mode, TrajectoryMode::InOrder);
}

#[test]
fn the_example_of_the_document_names_what_is_there() {
    let dataset = read_alone(yaml(&example())).unwrap();
    let issues = names::unknown(&dataset, &names::standard());
    assert_eq!(issues.iter().map(ToString::to_string).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn objects_fields_and_filters_that_are_not_there_are_told_by_path() {
    let dataset = read_alone(yaml(
        "
name: a
fixture:
  fields: {lead: [{name: heat}]}
  records:
    - {object: acount, values: {}}
    - {id: one, object: account, values: {nam: A, name: B, created_at: 2026-01-01, owner: 7}}
    - {object: lead, values: {heat: 1, hea: 1}}
  tables: [{object: deal, columns: [name, stage], rows: [[A, WON]]}]
cases:
  - name: a
    turns: [a]
    expect:
      state:
        records:
          - {object: deal, where: {stagee: {eq: LEAD}}, values: {amount: much}}
          - {object: lead, where: {heat: {eq: 1}}}
          - {object: deal, where: {account: {eq: $ref(one)}}}
        ignore: [deal.nxt, activities, '*.x', lead.heat]
",
    ))
    .unwrap_or_else(|error| panic!("{error}"));
    let told: Vec<_> = names::unknown(&dataset, &names::standard()).iter().map(ToString::to_string).collect();
    let expected = [
        "fixture.records[0].object: there is no object \"acount\". Did you mean account?",
        "fixture.records[1].values.nam: account has no field \"nam\". Did you mean name?",
        "fixture.records[1].values.created_at: created_at is written by Kontor alone",
        "fixture.records[1].values.owner: ",
        "fixture.records[2].values.hea: lead has no field \"hea\".",
        "fixture.tables[0].rows[0].values.stage: \"WON\" is not one of",
        "cases[0].expect.state.records[0].where.stagee: ",
        "cases[0].expect.state.records[0].values.amount",
        "cases[0].expect.state.ignore[0]: deal has no field \"nxt\".",
        "cases[0].expect.state.ignore[1]: there is no object \"activities\". Did you mean activity?",
    ];
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.starts_with(expected), "{told}\nexpected {expected}");
    }
    assert_eq!(told.len(), expected.len(), "{told:#?}");
}

#[test]
fn ids_of_the_wrong_object_and_names_of_nobody_are_told_by_path() {
    let dataset = read_alone(yaml(
        "
name: a
fixture:
  roles: [{name: Sales}]
  agents: [{name: closer}]
  fields: {deal: [{name: risk, label: Risk}]}
  members:
    - {id: mira, name: Mira, role: sales}
    - {id: paul, name: Paul, role: Membre}
  records:
    - {id: acme, object: account, values: {name: Acme, owner: $ref(mira)}}
    - {id: deal, object: deal, values: {name: A, account: $ref(mira), owner: $ref(acme)}}
    - {object: task, values: {title: Ring, account: $ref(deal)}}
defaults: {agent: closer, member: acme}
cases:
  - {name: a, agent: sales-asistant, member: deal, role: Nobody, in_view: paul, turns: [a], expect: {state: {unchanged: true}}}
  - name: b
    turns: [a]
    expect: {state: {unchanged: true}}
    attack:
      goal: b
      inject:
        - {label_of: deal.risk, text: b}
        - {label_of: deal.stage, text: b}
        - {record: mira, field: name, text: b}
      success: {replies: [b]}
",
    ))
    .unwrap_or_else(|error| panic!("{error}"));
    let told: Vec<_> = names::unknown(&dataset, &names::standard()).iter().map(ToString::to_string).collect();
    let expected = [
        "fixture.members[1].role: there is no role \"Membre\". Did you mean Member?",
        "fixture.records[1].values.account: \"mira\" is the local id of a record of member, to which account does not lead",
        "fixture.records[1].values.owner: \"acme\" is the local id of a record of account",
        "fixture.records[2].values.account: \"deal\" is the local id of a record of deal",
        "defaults.member: \"acme\" is the local id of a record of account, and a member is expected",
        "cases[0].member: \"deal\" is the local id of a record of deal, and a member is expected",
        "cases[0].agent: there is no agent \"sales-asistant\". Did you mean sales-assistant?",
        "cases[0].role: there is no role \"Nobody\".",
        "cases[0].in_view: \"paul\" is the local id of a member, and a record is expected",
        "cases[1].attack.inject[1].label_of: the fixture makes no field deal.stage",
        "cases[1].attack.inject[2].record: \"mira\" is the local id of a member",
    ];
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.starts_with(expected), "{told}\nexpected {expected}");
    }
    assert_eq!(told.len(), expected.len(), "{told:#?}");
}

#[test]
fn a_fixture_of_a_file_outside_the_folder_is_refused() {
    for from in ["../other.yaml", "/etc/passwd", "fixtures/../../a.yaml", "..\\\\a.yaml"] {
        let text = format!(
            "name: a\nfixture: {{from: \"{from}\"}}\ncases: [{{name: a, turns: [a], expect: {{state: {{unchanged: true}}}}}}]\n"
        );
        let load = |file: &str| panic!("{file} was read");
        let told = read(yaml(&text), &load).unwrap_err().to_string();
        assert!(told.starts_with("evals/sales.yaml:2: fixture.from: expected a file in"), "{told}");
    }
}

#[test]
fn a_name_with_a_dot_in_it_has_a_place() {
    let text = "
name: a
cases:
  - name: a
    turns: [a]
    expect:
      trajectory:
        calls:
          - operation: deal.update
            where:
              amount: {gte: 1}
              amount.amount: {}
";
    let told = faults(text);
    assert!(
        told[0].starts_with("evals/sales.yaml:12: cases[0].expect.trajectory.calls[0].where.amount.amount: "),
        "{told:?}"
    );
}

#[test]
fn a_dataset_written_again_is_read_as_the_same() {
    let dataset = read_alone(yaml(&example())).unwrap();
    let json = serde_json::to_string(&dataset).unwrap();
    assert_eq!(read_alone(yaml(&json)).unwrap(), dataset);
    assert!(!json.contains("null,\"") || json.contains("[null"), "{json}");
}

#[test]
fn json_lines_say_the_same_as_yaml() {
    let dataset = read_alone(yaml(&example())).unwrap();
    let Json::Object(mut head) = serde_json::to_value(&dataset).unwrap() else { panic!() };
    let cases = head.remove("cases").unwrap();
    let mut lines = vec![Json::Object(head).to_string(), String::new()];
    lines.extend(cases.as_array().unwrap().iter().map(Json::to_string));
    let text = lines.join("\n");
    let source = Source { file: "x.jsonl", text: &text, format: Format::of("x.jsonl") };
    assert_eq!(read_alone(source).unwrap(), dataset);
    let wrong = text.replace("\"in_order\"", "\"inorder\"").replace("Sum up", "").replace("$ref(note)", "");
    let wrong = wrong.replace("\"at_most\":3", "\"at_mots\":3");
    let told = read_alone(Source { text: &wrong, ..source }).unwrap_err().to_string();
    // The head is line 1, the empty line is counted, and so the third case is line 5.
    assert_eq!(told, "x.jsonl:5: cases[2].user.at_mots: there is no \"at_mots\" here. Did you mean at_most?");
}

#[test]
fn lines_that_are_no_json_are_told_by_their_numbers() {
    let text = "{\"name\": \"a\"}\n{\"name\": }\n\n[1,";
    let source = Source { file: "a.jsonl", text, format: Format::JsonLines };
    let told = read_alone(source).unwrap_err().to_string();
    assert!(told.starts_with("a.jsonl:2: expected value"), "{told}");
    assert!(told.contains("\na.jsonl:4: EOF"), "{told}");
    let source = Source { text: "{\"cases\": []}", ..source };
    assert!(read_alone(source).unwrap_err().to_string().contains("a.jsonl:1: the first line is the head"));
}

#[test]
fn everything_wrong_is_told_at_once_by_line_and_path() {
    let text = "\
name: sales
cases:
  - name: one
    turns: [Hello]
    expectations: {}
  - name: two
    turns: [Hello]
    expect:
      trajectory:
        mode: in-order
        calls:
          - {operation: deal.update, matches: exact}
      limits: {steps: many}
  - turns: [Hello]
    expect: {state: {unchanged: true}}
";
    assert_eq!(
        faults(text),
        [
            "evals/sales.yaml:5: cases[0].expectations: there is no \"expectations\" here. Did you mean expect?",
            "evals/sales.yaml:10: cases[1].expect.trajectory.mode: \"in-order\" is not one of exact, in_order, any_order, subset, superset. Did you mean in_order?",
            "evals/sales.yaml:12: cases[1].expect.trajectory.calls[0].matches: there is no \"matches\" here. Did you mean match?",
            "evals/sales.yaml:13: cases[1].expect.limits.steps: expected integer, got \"many\"",
            "evals/sales.yaml:14: cases[2].name: name is required",
        ]
    );
}

#[test]
fn what_no_schema_can_say_is_told_by_line_and_path() {
    let text = r#"
name: Sales
fixture:
  members: [{id: mira, name: Mira, role: Member}]
  records:
    - {id: deal, object: deal, values: {account: $ref(acme)}}
    - {id: acme, object: account, values: {name: Acme}}
    - {id: acme, object: account, values: {name: Acme}}
  tables:
    - object: lead
      columns: [id, name]
      rows:
        - [lead, A, B]
cases:
  - name: one
    member: mirra
    turns: [Hello]
  - name: one
    turns: [Hello $ref(dael)]
    user: {opening: Hello, answers: [{when: "(", say: a}]}
    in_view: del
    expect:
      state:
        unchanged: true
        records: [{object: deal, count: 1, at_least: 2}]
      trajectory: {}
      reply: {matches: ["[a"], numbers: [{value: 1, tolerance: 1, percent: 1}]}
      rubric: {criteria: [], votes: 2}
      limits: {}
    attack:
      goal: money
      inject: [{record: deal, text: x}]
      success: {}
    script:
      - {user: a, read: b, steps: [{}]}
"#;
    let told = faults(text);
    let expected = [
        ":2: name: expected 1 to 60 small letters",
        ":6: fixture.records[0].values.account: nothing before this has the local id \"acme\".",
        ":8: fixture.records[2].id: \"acme\" is the local id of something else",
        ":13: fixture.tables[0].rows[0]: 3 values for 2 columns",
        ":15: cases[0].expect: a case expects something",
        ":16: cases[0].member: no member has the local id \"mirra\". Did you mean mira?",
        ":18: cases[1].name: cases[0] has this name too",
        ":19: cases[1].turns[0]: nothing before this has the local id \"dael\". Did you mean deal?",
        ":20: cases[1].user: turns and a user are not named together",
        ":20: cases[1].user.answers[0].when: this is no regular expression: unclosed group",
        ":21: cases[1].in_view: no record has the local id \"del\". Did you mean deal?",
        ":23: cases[1].expect.state: one of unchanged: true, records and same_as is named",
        ":25: cases[1].expect.state.records[0].count: a count leaves no room for bounds",
        ":26: cases[1].expect.trajectory: calls or forbidden operations are named",
        ":27: cases[1].expect.reply.matches[0]: this is no regular expression: unclosed character class",
        ":27: cases[1].expect.reply.numbers[0].percent: a tolerance is absolute or in percent",
        ":28: cases[1].expect.rubric.criteria: a rubric has at least one criterion",
        ":28: cases[1].expect.rubric.votes: an even number of votes",
        ":29: cases[1].expect.limits: one of steps",
        ":32: cases[1].attack.inject[0]: a record is named with a field of it",
        ":33: cases[1].attack.success: records, calls, reveals or replies",
        ":35: cases[1].script[0]: either user or read is named",
        ":35: cases[1].script[0].steps[0]: a step calls or says something",
    ];
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.starts_with(&format!("evals/sales.yaml{expected}")), "{told}\nexpected {expected}");
    }
    assert_eq!(told.len(), expected.len(), "{told:#?}");
}

#[test]
fn a_name_that_stands_twice_and_a_text_that_is_no_yaml_are_refused_with_their_line() {
    let told = faults("name: a\ncases: []\nname: b\n");
    assert!(told[0].contains("duplicate entry"), "{told:?}");
    let told = faults("name: a\ncases:\n  - name: x\n   turns: [a]\n");
    assert!(told[0].starts_with("evals/sales.yaml:4: "), "{told:?}");
}

#[test]
fn a_fixture_of_a_file_comes_before_what_the_dataset_adds() {
    let text = "\
name: shared
fixture:
  from: fixtures/company.yaml
  records: [{id: task, object: task, values: {title: Ring, account: $ref(acme)}}]
cases:
  - {name: one, member: mira, turns: [\"About $ref(lead)\"], expect: {state: {unchanged: true}}}
";
    let company = "\
clock: 2026-11-02T09:00:00Z
members: [{id: mira, name: Mira, role: Member}]
records: [{id: acme, object: account, values: {name: Acme}}]
tables: [{object: lead, columns: [id, title], rows: [[lead, A lead]]}]
";
    let load = |file: &str| {
        assert_eq!(file, "evals/fixtures/company.yaml");
        Ok(company.to_owned())
    };
    let dataset = read(yaml(text), &load).unwrap_or_else(|error| panic!("{error}"));
    let made: Vec<_> = dataset.fixture.all_records().into_iter().filter_map(|record| record.id).collect();
    assert_eq!(made, ["acme", "lead", "task"]);
    assert_eq!(dataset.fixture.clock.as_deref(), Some("2026-11-02T09:00:00Z"));

    let told = read(yaml(text), &|_| Ok(company.replace("title]", "titel, b]").replace("2026-11", "11")));
    assert_eq!(
        told.unwrap_err().to_string(),
        "evals/fixtures/company.yaml:1: clock: expected a timestamp such as \"2026-03-01T09:30:00Z\", got \"11-02T09:00:00Z\""
    );
    let told = read(yaml(text), &|_| Err("there is no such file".to_owned())).unwrap_err().to_string();
    assert_eq!(
        told,
        "evals/sales.yaml:3: fixture.from: evals/fixtures/company.yaml could not be read: there is no such file"
    );
}

#[test]
fn records_that_reference_operations_make_are_known_to_those_behind_them() {
    let case = |first: &str, then: &str| {
        faults(&format!(
            "
name: a
cases:
  - name: one
    turns: [Hello]
    expect:
      state:
        same_as:
          - {{operation: account.create, arguments: {{name: {first}}}, as: new}}
          - {{operation: deal.create, arguments: {{account: {then}}}}}
"
        ))
    };
    assert_eq!(case("Acme", "$ref(new)"), [""; 0]);
    let told = case("$ref(new)", "$ref(newer)");
    assert!(told[0].contains("same_as[0].arguments.name: nothing before this"), "{told:?}");
    assert!(told[1].contains("same_as[1].arguments.account"), "{told:?}");
}

#[test]
fn local_ids_are_put_in_wherever_they_stand() {
    let ids = refs::Ids::from([("acme".to_owned(), "0190".to_owned())]);
    let mut json = json!({"a": ["x $ref(acme) y $ref( acme )"], "b": {"c": "$ref(acme)"}, "n": 1});
    refs::resolve(&mut json, &ids).unwrap();
    assert_eq!(json, json!({"a": ["x 0190 y 0190"], "b": {"c": "0190"}, "n": 1}));
    assert_eq!(refs::resolved_text("$ref(b)", &ids), Err(refs::UnknownRef("b".to_owned())));
}

#[test]
fn approvals_are_refused_unless_a_rule_approves() {
    let case: Case = serde_json::from_value(json!({
        "name": "a",
        "approvals": [
            {"operation": "deal.delete", "where": {"id": {"eq": "1"}}, "answer": "refuse"},
            {"operation": "*.delete", "answer": "approve"},
        ],
    }))
    .unwrap();
    let arguments = |id: &str| json!({"id": id}).as_object().unwrap().clone();
    assert_eq!(case.approval("deal.delete", &arguments("1")), Answer::Refuse);
    assert_eq!(case.approval("deal.delete", &arguments("2")), Answer::Approve);
    assert_eq!(case.approval("deal.merge", &arguments("2")), Answer::Refuse);
}

#[test]
fn predicates_hold_by_each_of_their_operators() {
    let values = json!({"amount": {"amount": "5000", "currency": "EUR"}, "ids": ["a", "b"], "name": "Ärzte", "day": "2026-03-01"});
    let values = values.as_object().unwrap();
    let holds = |path: &str, predicate: Json| {
        serde_json::from_value::<Predicate>(predicate).unwrap().holds_at(values, path)
    };
    for (path, predicate) in [
        ("amount.amount", json!({"eq": 5000, "gte": 5000, "lte": 5000, "lt": 5000.5, "gt": "4999"})),
        ("amount.currency", json!({"in": ["USD", "EUR"], "neq": "USD", "not_in": ["CHF"]})),
        ("ids[1]", json!({"eq": "b"})),
        ("ids", json!({"contains": "a", "is_empty": false})),
        ("name", json!({"contains": "ARZ", "starts_with": "ä", "matches": "te$"})),
        ("day", json!({"gt": "2026-02-28", "lt": "2026-03-02"})),
        ("nowhere", json!({"is_empty": true, "neq": 1})),
        ("amount", json!({"eq": {"amount": 5000, "currency": "EUR", "other": null}})),
    ] {
        assert!(holds(path, predicate.clone()), "{path} {predicate}");
    }
    for (path, predicate) in [
        ("amount.amount", json!({"gt": 5000})),
        ("amount.amount", json!({"gt": "much"})),
        ("amount.currency", json!({"eq": "eur"})),
        ("ids[2]", json!({"eq": "b"})),
        ("ids", json!({"contains": "c"})),
        ("name", json!({"matches": "^te"})),
        ("nowhere", json!({"gt": 0})),
        ("nowhere", json!({"is_empty": false})),
        ("amount", json!({"eq": {"amount": 5000}})),
    ] {
        assert!(!holds(path, predicate.clone()), "{path} {predicate}");
    }
}

/// `evals/dataset.schema.json` is written anew by `INSTA_UPDATE=always cargo test`, as snapshots are.
#[test]
fn the_published_schema_is_up_to_date() {
    let told = format!("{}\n", serde_json::to_string_pretty(&*schema::DATASET).unwrap());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../evals/dataset.schema.json");
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(&path, &told).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = (1..).zip(kept.lines().zip(told.lines())).find(|(_, (kept, told))| kept != told);
    assert!(kept == told, "evals/dataset.schema.json is not up to date, from line {differs:?}");
    for (name, schema) in [("dataset", &schema::DATASET), ("fixture", &schema::FIXTURE)] {
        assert!(jsonschema::meta::is_valid(schema), "{name}");
        let text = schema.to_string();
        assert!(!text.contains("anyOf") && !text.contains("oneOf") && !text.contains("\"null\""), "{name}");
    }
}
