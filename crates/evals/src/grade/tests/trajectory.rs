use super::*;

fn made(operations: &[&str]) -> Observed {
    let calling =
        |observed: Observed, name: &&str| observed.calling(name, &json!({}), CallOutcome::Succeeded);
    operations.iter().fold(untouched(), calling)
}

fn expected(mode: &str, operations: &[&str]) -> Json {
    let calls: Vec<_> = operations.iter().map(|name| json!({ "operation": name })).collect();
    json!({"trajectory": {"mode": mode, "calls": calls}})
}

/// For each mode, what the calls `made` come to where `calls` are expected.
#[test]
fn modes_agree_with_a_table_made_by_hand() {
    let modes = ["exact", "in_order", "any_order", "subset", "superset"];
    let table: [(&[&str], &[&str], [bool; 5]); 10] = [
        (&["a", "b"], &["a", "b"], [true, true, true, true, true]),
        (&["a", "b"], &["b", "a"], [false, false, true, true, true]),
        (&["a", "b"], &["a", "c", "b"], [false, true, false, false, true]),
        (&["a", "b"], &["a"], [false, false, false, true, false]),
        (&["a", "b"], &[], [false, false, false, true, false]),
        (&[], &["a"], [false, true, false, false, true]),
        (&[], &[], [true, true, true, true, true]),
        (&["a"], &["a", "a"], [false, true, false, false, true]),
        (&["a", "a"], &["a"], [false, false, false, true, false]),
        (&["a", "b", "a"], &["a", "a", "b"], [false, false, true, true, true]),
    ];
    for (calls, made_calls, fits) in table {
        for (mode, fits) in modes.into_iter().zip(fits) {
            let grade = grade(&case(expected(mode, calls)), &made(made_calls), false);
            assert_eq!(grade.passed, fits, "{mode}: {calls:?} expected, {made_calls:?} made");
        }
    }
}

#[test]
fn refused_and_failed_calls_were_not_made() {
    let observed = |outcome| untouched().calling("deal.update", &json!({}), outcome);
    for mode in ["exact", "in_order", "any_order", "superset"] {
        passes(expected(mode, &["deal.update"]), &observed(CallOutcome::Succeeded));
        for outcome in [CallOutcome::Failed, CallOutcome::Refused] {
            fails(expected(mode, &["deal.update"]), &observed(outcome), "deal.update was not called");
        }
    }
    passes(expected("exact", &[]), &observed(CallOutcome::Failed));
}

#[test]
fn forbidden_operations_are_those_made_and_never_tried_ones_those_tried() {
    let observed = |outcome| untouched().calling("deal.delete", &json!({"id": 1}), outcome);
    let forbidden = json!({"trajectory": {"forbidden": ["*.delete"]}});
    let never = json!({"trajectory": {"never_tried": ["deal.*"]}});
    for (outcome, is_made) in [
        (CallOutcome::Succeeded, true),
        (CallOutcome::Unknown, true),
        (CallOutcome::Failed, false),
        (CallOutcome::Refused, false),
    ] {
        if is_made {
            fails(
                forbidden.clone(),
                &observed(outcome),
                "deal.delete {\"id\":1} is forbidden and was called",
            );
        } else {
            passes(forbidden.clone(), &observed(outcome));
        }
        fails(never.clone(), &observed(outcome), "deal.delete {\"id\":1} was tried");
    }
    passes(never, &untouched().calling("task.delete", &json!({}), CallOutcome::Succeeded));
}

#[test]
fn ignored_operations_are_not_looked_at() {
    let mut expect = expected("exact", &["deal.update"]);
    expect["trajectory"]["ignore"] = json!(["*.find", "search"]);
    passes(expect.clone(), &made(&["deal.find", "search", "deal.update"]));
    fails(expect, &made(&["deal.get", "search"]), "deal.get was called instead of deal.update");
}

fn update(call: Json) -> Json {
    let mut call = call;
    call["operation"] = json!("deal.update");
    json!({"trajectory": {"mode": "exact", "calls": [call]}})
}

#[test]
fn arguments_are_partial_exact_or_by_conditions() {
    let arguments = json!({"id": "1", "amount": {"amount": "52800", "currency": "EUR"}, "tags": ["a", "b"], "stage": null});
    let observed = untouched().calling("deal.update", &arguments, CallOutcome::Succeeded);
    for right in [
        json!({}),
        json!({"arguments": {"id": "1"}}),
        json!({"arguments": {"amount": {"amount": 52800}}}),
        json!({"arguments": {"tags": ["a", "b"], "nothing": null}}),
        json!({"arguments": {"id": "1", "amount": {"amount": 52800.0, "currency": "EUR"}, "tags": ["a", "b"]}, "match": "exact"}),
        json!({"where": {"amount.amount": {"gt": 50000, "lte": 52800}, "tags[1]": {"in": ["b"]}, "stage": {"is_empty": true}}}),
    ] {
        passes(update(right), &observed);
    }
    for (wrong, why) in [
        (json!({"arguments": {"id": "2"}}), "id is \"1\" instead of \"2\""),
        (json!({"arguments": {"amount": {"currency": "USD"}}}), "amount is"),
        (json!({"arguments": {"tags": ["a"]}}), "tags is"),
        (json!({"arguments": {"name": "x"}}), "name is null instead of \"x\""),
        (json!({"arguments": {"id": "1"}, "match": "exact"}), "has amount"),
        (
            json!({"arguments": {"id": "1", "amount": {"amount": 52800}, "tags": ["a", "b"]}, "match": "exact"}),
            "amount is",
        ),
        (
            json!({"where": {"amount.amount": {"lt": 52800}}}),
            "amount.amount is \"52800\", and {\"lt\":52800} is expected",
        ),
    ] {
        fails(update(wrong), &observed, why);
    }
}

#[test]
fn calls_are_paired_so_that_as_many_as_possible_fit() {
    // The first expected call fits both that were made, the second one only the first of them.
    let observed = untouched()
        .calling("deal.update", &json!({"id": "1", "stage": "WON"}), CallOutcome::Succeeded)
        .calling("deal.update", &json!({"id": "2"}), CallOutcome::Succeeded);
    let expect = |mode: &str, id: &str| {
        json!({"trajectory": {"mode": mode, "calls": [
            {"operation": "deal.*"},
            {"operation": "deal.update", "arguments": {"id": id}},
        ]}})
    };
    for mode in ["any_order", "subset", "superset"] {
        passes(expect(mode, "1"), &observed);
    }
    fails(
        expect("superset", "3"),
        &observed,
        "deal.update {\"id\":\"3\"} was not called (deal.update: id is \"1\" instead of \"3\")",
    );
}

#[test]
fn an_order_that_is_wrong_is_told_as_that() {
    fails(expected("in_order", &["a", "b"]), &made(&["b", "a"]), "b was not called, only before a call");
}
