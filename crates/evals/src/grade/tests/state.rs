use super::*;

fn renewal(values: Json) -> Json {
    json!({"state": {"records": [{"object": "deal", "where": {"name": {"eq": "Hellwig renewal"}}, "values": values}]}})
}

#[test]
fn nothing_changed_where_nothing_but_times_and_versions_did() {
    passes(json!({"state": {"unchanged": true}}), &untouched());
    let mut observed = untouched();
    put(&schema(), &mut observed.after, "deal", 20, &json!({"updated_at": 1, "position": 7}));
    passes(json!({"state": {"unchanged": true}}), &observed);
}

#[test]
fn whatever_was_made_changed_or_deleted_is_a_change() {
    let unchanged = json!({"state": {"unchanged": true}});
    fails(
        unchanged.clone(),
        &untouched().with("task", 30, &json!({"title": "Ring"})),
        "task “Ring” was made",
    );
    fails(
        unchanged.clone(),
        &untouched().with("deal", 20, &json!({"stage": "PROPOSAL"})),
        "deal “Hellwig renewal”: stage was changed from \"QUALIFIED\" to \"PROPOSAL\"",
    );
    fails(unchanged.clone(), &untouched().without("deal", 21), "deal “Spare parts” was deleted");
    // A record that is put aside is deleted.
    let mut aside = untouched().without("deal", 21);
    let object = aside.schema.object("deal").unwrap().clone();
    let mut values = aside.before.get("deal", id(21)).unwrap().clone();
    values.set(object.field("deleted_at").unwrap().name.clone(), Value::DateTime(Timestamp::EPOCH));
    aside.after.add(&object.name, id(21), values);
    fails(unchanged, &aside, "deal “Spare parts” was deleted");
}

#[test]
fn a_record_is_as_asserted_and_nothing_else_changed() {
    let moved = untouched().with("deal", 20, &json!({"stage": "PROPOSAL", "probability": 50}));
    let stages = moved.schema.object("deal").unwrap().field("stage").unwrap().kind.options().to_vec();
    let percent = stages.iter().find(|stage| stage.value == "PROPOSAL").unwrap().probability.unwrap();
    let moved = moved.with("deal", 20, &json!({ "probability": percent }));
    passes(renewal(json!({"stage": "PROPOSAL"})), &moved);
    fails(
        renewal(json!({"stage": "PROPOSAL"})),
        &untouched(),
        "stage is \"QUALIFIED\" instead of \"PROPOSAL\"",
    );

    // The chance that follows the stage need not be named; another must be.
    let other = moved.clone().with("deal", 20, &json!({"probability": 99}));
    fails(renewal(json!({"stage": "PROPOSAL"})), &other, "probability was changed");
    passes(renewal(json!({"stage": "PROPOSAL", "probability": 99})), &other);

    // The wrong record.
    let wrong = untouched().with("deal", 21, &json!({"stage": "PROPOSAL", "probability": percent}));
    let part = judged(renewal(json!({"stage": "PROPOSAL"})), &wrong);
    assert_eq!(part.why.len(), 3, "{:?}", part.why);

    // An extra write, and one that may be.
    let extra = moved.clone().with("account", 10, &json!({"industry": "Steel"}));
    fails(renewal(json!({"stage": "PROPOSAL"})), &extra, "industry was changed");
    for ignore in ["account", "account.industry", "*.industry"] {
        let mut expect = renewal(json!({"stage": "PROPOSAL"}));
        expect["state"]["ignore"] = json!([ignore]);
        passes(expect, &extra);
    }
    let mut expect = renewal(json!({"stage": "PROPOSAL"}));
    expect["state"]["ignore"] = json!(["deal.industry", "*.name", "accounts"]);
    fails(expect, &extra, "industry was changed");
}

#[test]
fn the_parts_of_an_amount_that_are_not_named_stay() {
    let raised = untouched().with("deal", 20, &json!({"amount": {"amount": 52800, "currency": "EUR"}}));
    passes(renewal(json!({"amount": {"amount": 52800, "currency": "EUR"}})), &raised);
    passes(renewal(json!({"amount": {"amount": "52800.00"}})), &raised);
    let wrong = untouched().with("deal", 20, &json!({"amount": {"amount": 52800, "currency": "USD"}}));
    let part = judged(renewal(json!({"amount": {"amount": 52800}})), &wrong);
    assert!(!part.passed, "the currency changed");
    fails(
        renewal(json!({"amount": {"amount": 52800, "currency": "EUR"}})),
        &wrong,
        "amount is {\"amount\":52800,\"currency\":\"USD\"} instead of {\"amount\":52800,\"currency\":\"EUR\"}",
    );
    // A condition on a part names that part alone.
    let by_filter =
        json!({"state": {"records": [{"object": "deal", "where": {"amount.amount": {"gte": 50000}}}]}});
    passes(by_filter.clone(), &raised);
    fails(by_filter, &wrong, "amount was changed");
}

#[test]
fn a_new_record_has_what_is_named_and_what_is_filled_in() {
    let now = untouched().now;
    let task =
        json!({"title": "Ring Hellwig", "account": id(10), "target": {"object": "account", "id": id(10)}});
    let made = untouched().with("task", 30, &task);
    let filled =
        made.clone().with("task", 30, &json!({"status": "TODO", "assignee": id(ME), "owner": id(ME)}));
    let expect = |values: Json| json!({"state": {"records": [{"object": "task", "where": {"title": {"contains": "ring"}}, "values": values}]}});
    passes(expect(json!({"account": id(10)})), &filled);
    passes(expect(json!({"target": {"object": "account", "id": id(10)}})), &filled);
    fails(
        expect(json!({})),
        &made.clone().with("task", 30, &json!({"account": null, "target": null, "status": "DONE"})),
        "made with status \"DONE\"",
    );
    fails(
        expect(json!({"account": id(10)})),
        &filled.clone().with("task", 30, &json!({"due_at": "2026-11-03T09:00:00Z"})),
        "due_at",
    );
    fails(
        expect(json!({"account": id(10)})),
        &filled.clone().with("task", 30, &json!({"assignee": id(2)})),
        "assignee",
    );
    fails(expect(json!({"account": id(10)})), &filled.clone().with("task", 31, &task), "2 task where");
    fails(expect(json!({"account": id(10)})), &untouched(), "0 task where");
    // A default of the moment is the moment's.
    let at =
        |micros| json!({"type": "CALL", "subject": "Call", "happened_at": Timestamp::from_micros(micros)});
    let expect = json!({"state": {"records": [{"object": "activity", "values": {"type": "CALL", "subject": "Call"}}]}});
    passes(expect.clone(), &untouched().with("activity", 40, &at(now.micros())));
    fails(expect, &untouched().with("activity", 40, &at(0)), "happened_at");
}

#[test]
fn counts_have_bounds() {
    let expect = |count: Json| {
        let mut record = json!({"object": "deal", "where": {"stage": {"in": ["LEAD", "QUALIFIED"]}}});
        record.as_object_mut().unwrap().extend(count.as_object().unwrap().clone());
        json!({"state": {"records": [record]}})
    };
    for right in [
        json!({"count": 2}),
        json!({"at_least": 2}),
        json!({"at_most": 2}),
        json!({"at_least": 1, "at_most": 3}),
    ] {
        passes(expect(right), &untouched());
    }
    fails(expect(json!({})), &untouched(), "instead of 1");
    fails(expect(json!({"count": 3})), &untouched(), "instead of 3");
    fails(expect(json!({"at_least": 3})), &untouched(), "instead of at least 3");
    fails(expect(json!({"at_most": 1})), &untouched(), "instead of at most 1");
    fails(expect(json!({"at_least": 3, "at_most": 4})), &untouched(), "instead of 3 to 4");
}

#[test]
fn a_deletion_is_named_by_a_count_of_none() {
    let gone = json!({"state": {"records": [{"object": "deal", "where": {"name": {"eq": "Spare parts"}}, "count": 0}]}});
    passes(gone.clone(), &untouched().without("deal", 21));
    fails(gone.clone(), &untouched(), "1 deal where");
    let part = judged(gone, &untouched().without("deal", 20));
    assert_eq!(part.why.len(), 2, "{:?}", part.why);
}

#[test]
fn filters_look_at_related_records_and_at_the_member() {
    let by_account = json!({"state": {"records": [{"object": "deal", "count": 2, "where": {"account.name": {"contains": "hellwig"}}}]}});
    passes(by_account, &untouched());
    let mine = json!({"state": {"records": [{"object": "deal", "where": {"owner": {"eq": "$me"}}}]}});
    passes(mine, &untouched());
}

#[test]
fn the_state_of_reference_operations_is_reached_in_whatever_way() {
    let expect = |ignore: Json| json!({"state": {"same_as": [{"operation": "x"}], "ignore": ignore}});
    // A new account with a deal and a task about it, under other ids.
    let make = |observed: Observed, account: u32, deal: u32, task: u32, title: &str| {
        observed
            .with("account", account, &json!({"name": "Neu AG"}))
            .with("deal", deal, &json!({"name": "First", "account": id(account), "stage": "LEAD"}))
            .with(
                "task",
                task,
                &json!({"title": title, "deal": id(deal), "target": {"object": "deal", "id": id(deal)}}),
            )
            .with("deal", 21, &json!({"account": id(account)}))
    };
    let with_reference = |observed: Observed, reference: Observed| Observed {
        reference: Some(Ok(reference.after)),
        ..observed
    };
    let reference = make(untouched(), 50, 51, 52, "Ring");
    let same = with_reference(make(untouched(), 62, 61, 60, "Ring"), reference.clone());
    passes(expect(json!([])), &same);

    let other = with_reference(make(untouched(), 62, 61, 60, "Write"), reference.clone());
    let part = judged(expect(json!([])), &other);
    assert_eq!(part.why.len(), 2, "{:?}", part.why);
    assert!(part.why[0].starts_with("task “Ring” is missing"), "{:?}", part.why);
    passes(expect(json!(["task.title"])), &other);
    passes(expect(json!(["task"])), &other);

    // The same records, but the task is about another deal.
    let astray = make(untouched(), 62, 61, 60, "Ring").with(
        "task",
        60,
        &json!({"deal": id(20), "target": {"object": "deal", "id": id(20)}}),
    );
    assert!(!judged(expect(json!([])), &with_reference(astray, reference.clone())).passed);
    let twice = make(untouched(), 62, 61, 60, "Ring").with("account", 63, &json!({"name": "Neu AG"}));
    fails(expect(json!([])), &with_reference(twice, reference.clone()), "was made and is not expected");
    let deleted = make(untouched(), 62, 61, 60, "Ring").without("deal", 20);
    fails(
        expect(json!([])),
        &with_reference(deleted, reference.clone()),
        "deal “Hellwig renewal” was deleted",
    );
    fails(
        expect(json!([])),
        &with_reference(untouched(), untouched().without("deal", 20)),
        "deal “Hellwig renewal” was not deleted",
    );
    fails(
        expect(json!([])),
        &with_reference(untouched(), untouched().with("deal", 20, &json!({"stage": "CLOSED_WON"}))),
        "stage is \"QUALIFIED\" instead of",
    );
}
