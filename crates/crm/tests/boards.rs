use std::{collections::BTreeSet, sync::Arc};

use kontor_core::{
    caller::Caller,
    grants::{Action, FieldSet, Grants, ObjectGrant, RowRule},
    ids::{RecordId, ViewId},
};
use kontor_crm::{
    Crm,
    records::ListQuery,
    views::{Board, BoardQuery, CardMove},
};
use kontor_store::{both_engines, testing::TestStore};
use serde_json::{Value as Json, json};

use crate::{
    support::{Fixture, map, problem},
    views::new,
};

/// A board of deals by stage.
async fn board(fixture: &Fixture) -> ViewId {
    let view = json!({
        "object": "deal", "name": "Pipeline", "type": "KANBAN", "group_by": "stage", "visibility": "WORKSPACE",
    });
    fixture.crm.create_view(&fixture.ada, new(view)).await.unwrap().id
}

async fn shown(crm: &Crm, caller: &Caller, view: ViewId) -> Board {
    crm.board(caller, view, BoardQuery { limit: 200, ..BoardQuery::default() }).await.unwrap()
}

/// The names of the cards in a column.
async fn names(fixture: &Fixture, view: ViewId, column: &str) -> Vec<String> {
    let board = shown(&fixture.crm, &fixture.ada, view).await;
    let is_it = |option: &Option<kontor_core::metadata::SelectOption>| {
        option.as_ref().is_some_and(|option| option.value == column)
    };
    let column = board.columns.iter().find(|column| is_it(&column.option)).unwrap();
    column.cards.records.iter().map(|record| record.label.clone()).collect()
}

fn moved(records: &[RecordId], to: &str, json: Json) -> CardMove {
    let mut json = json;
    json["records"] = json!(records);
    json["to"] = json!(to);
    serde_json::from_value(json).unwrap()
}

async fn deal(fixture: &Fixture, name: &str, stage: &str, amount: i64) -> RecordId {
    let amount = json!({ "amount": amount, "currency": "EUR" });
    fixture.create("deal", json!({ "name": name, "stage": stage, "amount": amount })).await.id
}

both_engines! {
    async fn a_board_has_a_column_for_each_option_with_what_its_cards_come_to(store: TestStore) {
    let fixture = Fixture::new(&store).await;
    let view = board(&fixture).await;
    deal(&fixture, "a", "LEAD", 1_000).await;
    deal(&fixture, "b", "LEAD", 500).await;
    deal(&fixture, "c", "CLOSED_WON", 70).await;
    let dollars = json!({ "name": "d", "stage": "LEAD", "amount": { "amount": 9, "currency": "USD" }, "probability": 50 });
    fixture.create("deal", dollars).await;
    fixture.create("deal", json!({ "name": "e", "stage": "PROPOSAL" })).await;

    let board = shown(&fixture.crm, &fixture.ada, view).await;
    let told: Vec<_> = board
        .columns
        .iter()
        .map(|column| (column.option.as_ref().unwrap().value.as_str(), json!(column.figures)))
        .filter(|(_, figures)| figures["count"] != 0)
        .collect();
    let euros = |sum: i64, weighted: i64| json!({ "currency": "EUR", "sum": sum, "weighted": weighted });
    assert_eq!(told, [
        ("LEAD", json!({ "count": 3, "sums": [euros(1_500, 150), { "currency": "USD", "sum": 9, "weighted": 4.5 }] })),
        ("PROPOSAL", json!({ "count": 1, "sums": [] })),
        ("CLOSED_WON", json!({ "count": 1, "sums": [euros(70, 70)] })),
    ]);
    assert_eq!(board.columns.len(), 6, "each option has its column, and a deal is never without one");
    assert_eq!(names(&fixture, view, "LEAD").await, ["a", "b", "d"]);

    let first = BoardQuery { limit: 2, ..BoardQuery::default() };
    let first = fixture.crm.board(&fixture.ada, view, first).await.unwrap();
    let next = first.columns[0].cards.next.clone();
    let more = BoardQuery { limit: 2, column: Some((Some("LEAD".to_owned()), next)), ..BoardQuery::default() };
    let more = fixture.crm.board(&fixture.ada, view, more).await.unwrap();
    assert_eq!(more.columns.len(), 1);
    assert_eq!(more.columns[0].cards.records[0].label, "d");
}

    async fn cards_stay_where_they_are_put(store: TestStore) {
    let fixture = Fixture::new(&store).await;
    let (crm, ada, view) = (&fixture.crm, &fixture.ada, board(&fixture).await);
    let mut ids = Vec::new();
    for name in ["a", "b", "c", "d"] {
        ids.push(deal(&fixture, name, "LEAD", 10).await);
    }
    let [a, b, c, d] = ids[..] else { panic!() };
    crm.move_cards(ada, view, moved(&[d], "LEAD", json!({ "after": a }))).await.unwrap();
    assert_eq!(names(&fixture, view, "LEAD").await, ["a", "d", "b", "c"]);
    crm.move_cards(ada, view, moved(&[a, d], "LEAD", json!({ "before": c }))).await.unwrap();
    assert_eq!(names(&fixture, view, "LEAD").await, ["b", "a", "d", "c"]);
    crm.move_cards(ada, view, moved(&[c], "LEAD", json!({}))).await.unwrap();
    assert_eq!(names(&fixture, view, "LEAD").await, ["c", "b", "a", "d"]);
    crm.move_cards(ada, view, moved(&[b, d], "PROPOSAL", json!({}))).await.unwrap();
    assert_eq!(names(&fixture, view, "LEAD").await, ["c", "a"]);
    assert_eq!(names(&fixture, view, "PROPOSAL").await, ["b", "d"]);
    // So often between the same two that the numbers between them are used up.
    for round in 0..120 {
        let (card, other) = if round % 2 == 0 { (b, d) } else { (d, b) };
        crm.move_cards(ada, view, moved(&[card], "LEAD", json!({ "after": c }))).await.unwrap();
        crm.move_cards(ada, view, moved(&[other], "LEAD", json!({ "after": card }))).await.unwrap();
    }
    assert_eq!(names(&fixture, view, "LEAD").await, ["c", "d", "b", "a"]);

    // What follows from a stage follows from a move, and one act is one entry.
    crm.move_cards(ada, view, moved(&[a], "CLOSED_WON", json!({}))).await.unwrap();
    let won = fixture.get("deal", a).await;
    assert_eq!((&won["probability"], &won["forecast_category"]), (&json!(100), &json!("CLOSED")));
    let entries = crm.timeline(ada, "deal", a, 50, None).await.unwrap().entries;
    assert!(entries[0].changes.contains_key("stage") && entries[0].changes.contains_key("close_date"));
}

    async fn a_move_is_refused_where_a_change_would_be(store: TestStore) {
    let fixture = Fixture::new(&store).await;
    let (crm, ada, view) = (&fixture.crm, &fixture.ada, board(&fixture).await);
    let a = deal(&fixture, "a", "LEAD", 10).await;
    let b = deal(&fixture, "b", "LEAD", 10).await;
    let reader = fixture.with(Grants::on_every_object([Action::Read]));
    assert_eq!(problem(crm.move_cards(&reader, view, moved(&[a], "PROPOSAL", json!({}))).await).code, "not_allowed");
    assert_eq!(problem(crm.move_cards(ada, view, moved(&[a], "PROPOSL", json!({}))).await).issues[0].code, "unknown_option");
    assert_eq!(problem(crm.move_cards(ada, view, moved(&[], "LEAD", json!({}))).await).issues[0].code, "out_of_range");
    let gone = RecordId(crm.environment().new_id());
    let lost = problem(crm.move_cards(ada, view, moved(&[a, gone], "PROPOSAL", json!({}))).await);
    assert_eq!((lost.code.as_ref(), lost.issues[0].path.as_str()), ("record_not_found", "records[1]"));
    assert_eq!(names(&fixture, view, "LEAD").await, ["a", "b"], "all or none");

    let sorted = serde_json::from_value(json!({ "sort": "-amount" })).unwrap();
    crm.change_view(ada, view, sorted).await.unwrap();
    let refused = problem(crm.move_cards(ada, view, moved(&[b], "PROPOSAL", json!({}))).await);
    assert_eq!(refused.code, "view_is_sorted");
    assert!(refused.message.contains("-amount"), "{}", refused.message);
    let table = crm.create_view(ada, new(json!({ "object": "deal", "name": "Table" }))).await.unwrap();
    assert_eq!(problem(crm.move_cards(ada, table.id, moved(&[b], "LEAD", json!({}))).await).code, "view_not_found");
}

    async fn a_board_tells_nothing_that_its_reader_may_not_see(store: TestStore) {
    let fixture = Fixture::new(&store).await;
    let view = board(&fixture).await;
    deal(&fixture, "Known", "LEAD", 1_000).await;
    deal(&fixture, "Secret", "LEAD", 70_000).await;
    let rule = RowRule::new(&json!({ "name": { "neq": "Secret" } }));
    let hidden = FieldSet::Except(["amount".parse().unwrap()].into());
    let seen = |grant: ObjectGrant| {
        let grants = Grants::on_every_object([Action::Read]).with_object("deal".parse().unwrap(), grant);
        Caller { grants: Arc::new(grants), ..fixture.ada.clone() }
    };
    let some = seen(ObjectGrant::of([Action::Read]).for_rows(Action::Read, rule));
    let lead = &shown(&fixture.crm, &some, view).await.columns[0];
    assert_eq!(json!(lead.figures), json!({ "count": 1, "sums": [{ "currency": "EUR", "sum": 1_000, "weighted": 100 }] }));
    assert_eq!(lead.cards.records.len(), 1);
    let blind = seen(ObjectGrant::of([Action::Read]).reading(hidden));
    let lead = &shown(&fixture.crm, &blind, view).await.columns[0];
    assert_eq!(json!(lead.figures), json!({ "count": 2, "sums": [] }));
    assert!(lead.cards.records.iter().all(|record| !record.to_json().to_string().contains("amount")));
    let without = FieldSet::Except(["stage".parse().unwrap()].into());
    let astray = seen(ObjectGrant::of([Action::Read]).reading(without));
    let query = BoardQuery { limit: 10, ..BoardQuery::default() };
    assert_eq!(problem(fixture.crm.board(&astray, view, query).await).code, "view_not_found");
}

    async fn two_hundred_moves_at_once_leave_one_order_and_no_equal_places(store: TestStore) {
    const CLIENTS: usize = 10;
    const STAGES: [&str; 3] = ["LEAD", "QUALIFIED", "PROPOSAL"];
    let fixture = Fixture::new(&store).await;
    let view = board(&fixture).await;
    let cards: Vec<_> = (0..40).map(|n| map(json!({ "name": format!("n{n}"), "stage": STAGES[n % 3] }))).collect();
    let write = kontor_crm::records::RecordWrite::Batch(kontor_crm::records::BatchInput::Create(cards));
    let made = fixture.crm.write_record(&fixture.ada, "deal", write).await.unwrap();
    let ids: Arc<Vec<RecordId>> = Arc::new(made.iter().map(|record| record.id).collect());
    // Half of them as another process has it.
    let other = fixture.elsewhere(&store);
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let crm = if client % 2 == 0 { fixture.crm.clone() } else { other.crm.clone() };
            let (ada, ids) = (fixture.ada.clone(), ids.clone());
            async move {
                for round in 0..200 / CLIENTS {
                    let card = ids[(client * 7 + round * 11) % ids.len()];
                    let neighbour = ids[(client * 3 + round * 5 + 1) % ids.len()];
                    let place = match round % 3 {
                        _ if neighbour == card => json!({}),
                        0 => json!({ "after": neighbour }),
                        1 => json!({ "before": neighbour }),
                        _ => json!({}),
                    };
                    let to = STAGES[(client + round) % 3];
                    let moved = crm.move_cards(&ada, view, moved(&[card], to, place)).await.unwrap();
                    assert_eq!(moved[0].to_json()["stage"], to);
                }
            }
        })
        .collect();
    futures::future::join_all(clients).await;
    let ordered = ListQuery { sort: Some("position".to_owned()), limit: 200, ..ListQuery::default() };
    let first = fixture.list("deal", ordered.clone()).await;
    let places: Vec<String> =
        first.records.iter().map(|record| record.to_json()["position"].to_string()).collect();
    assert_eq!(places.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{places:?}");
    let moves: i64 = first.records.iter().map(|record| record.version - 1).sum();
    assert_eq!(moves, 200, "no move is lost");
    let here = shown(&fixture.crm, &fixture.ada, view).await;
    let there = shown(&other.crm, &other.ada, view).await;
    let order = |board: &Board| {
        board.columns.iter().flat_map(|column| &column.cards.records).map(|record| record.id).collect::<Vec<_>>()
    };
    assert_eq!(order(&here), order(&there));
    assert_eq!(order(&here).len(), ids.len());
}
}
