use std::sync::Arc;

use kontor_core::{
    actor::Principal,
    caller::Caller,
    grants::{Action, FieldSet, Grants, ObjectGrant},
    ids::ViewId,
};
use kontor_crm::views::{NewView, View, ViewChanges};
use kontor_store::{AuditQuery, both_engines, testing::TestStore};
use serde_json::{Value as Json, json};

use crate::support::{Fixture, problem};

pub(crate) fn new(json: Json) -> NewView {
    serde_json::from_value(json).unwrap()
}

fn changes(json: Json) -> ViewChanges {
    serde_json::from_value(json).unwrap()
}

/// A colleague of Ada's who reads everything and manages nothing.
fn max(fixture: &Fixture) -> Caller {
    let principal = Principal::Member { id: fixture.crm.environment().new_id(), name: "Max".to_owned() };
    Caller::new(fixture.workspace, principal, Arc::new(Grants::on_every_object([Action::Read])))
}

/// The same without some fields of deals.
fn without(caller: &Caller, fields: &[&str]) -> Caller {
    let hidden = fields.iter().map(|field| field.parse().unwrap()).collect();
    let grant = ObjectGrant::of([Action::Read]).reading(FieldSet::Except(hidden));
    let grants = Grants::on_every_object([Action::Read]).with_object("deal".parse().unwrap(), grant);
    Caller { grants: Arc::new(grants), ..caller.clone() }
}

fn names(views: &[View]) -> Vec<&str> {
    views.iter().map(|view| view.name.as_str()).collect()
}

both_engines! {
    async fn a_view_is_told_as_it_was_given_and_changed_where_it_is_named(store: TestStore) {
    let fixture = Fixture::new(&store).await;
    let (crm, ada) = (&fixture.crm, &fixture.ada);
    let filter = json!({ "and": [{ "stage": { "neq": "CLOSED_LOST" } }, { "close_date": { "lte": "this month" } }] });
    let made = crm
        .create_view(ada, new(json!({
            "object": "deals", "name": " Pipeline ", "type": "KANBAN", "group_by": "stage", "filter": filter,
            "columns": ["name", { "field": "amount", "width": 160 }], "sort": ["-amount", "name"],
        })))
        .await
        .unwrap();
    let told = json!(made);
    assert_eq!(told["object"], "deal");
    assert_eq!(told["name"], "Pipeline");
    assert_eq!(told["type"], "KANBAN");
    assert_eq!(told["filter"], filter);
    assert_eq!(told["columns"], json!(["name", { "field": "amount", "width": 160 }]));
    assert_eq!(told["sort"], json!(["-amount", "name"]));
    assert_eq!((&told["visibility"], &told["version"]), (&json!("PRIVATE"), &json!(1)));
    assert_eq!(crm.view(ada, made.id).await.unwrap().1, made);

    let change = changes(json!({ "name": "Funnel", "sort": null, "visibility": "WORKSPACE", "version": 1 }));
    let changed = crm.change_view(ada, made.id, change).await.unwrap();
    assert_eq!((changed.name.as_str(), changed.version, &changed.sort), ("Funnel", 2, &None));
    assert_eq!(changed.filter, made.filter);
    let again = crm.change_view(ada, made.id, changes(json!({ "name": "Funnel" }))).await.unwrap();
    assert_eq!(again, changed, "what changes nothing is no version");
    let stale = problem(crm.change_view(ada, made.id, changes(json!({ "name": "x", "version": 1 }))).await);
    assert_eq!(stale.code, "view_changed");
    assert!(stale.message.contains("Ada Brandt"), "{}", stale.message);

    crm.create_view(ada, new(json!({ "object": "contact", "name": "All" }))).await.unwrap();
    let second = crm.create_view(ada, new(json!({ "object": "deal", "name": "Second" }))).await.unwrap();
    assert_eq!(names(&crm.views(ada, Some("deals")).await.unwrap()), ["Funnel", "Second"]);
    crm.change_view(ada, second.id, changes(json!({ "position": -1 }))).await.unwrap();
    assert_eq!(names(&crm.views(ada, Some("deal")).await.unwrap()), ["Second", "Funnel"]);
    assert_eq!(crm.views(ada, None).await.unwrap().len(), 3);
    assert_eq!(problem(crm.views(ada, Some("dael")).await).issues[0].code, "unknown_object");
    crm.delete_view(ada, second.id, None).await.unwrap();
    assert_eq!(problem(crm.view(ada, second.id).await).code, "view_not_found");
}

    async fn all_that_is_wrong_with_a_view_is_told_with_its_place(store: TestStore) {
    let fixture = Fixture::new(&store).await;
    let (crm, ada) = (&fixture.crm, &fixture.ada);
    let wrong = async |json: Json| {
        let problem = problem(crm.create_view(ada, new(json)).await);
        problem.issues.iter().map(|issue| format!("{} {}", issue.path, issue.code)).collect::<Vec<_>>()
    };
    let found = wrong(json!({
        "object": "deal", "name": " ", "filter": { "stag": { "eq": "x" } }, "sort": ["amount", "nmae"],
        "columns": ["name", { "field": "amont" }, { "field": "stage", "width": 5 }, "name"],
    }))
    .await;
    assert_eq!(found, [
        "name required", "filter.stag unknown_field", "sort[1] unknown_field", "columns[1].field unknown_field",
        "columns[2].width out_of_range", "columns[3] duplicate",
    ]);
    assert_eq!(wrong(json!({ "object": "dael", "name": "x" })).await, ["object unknown_object"]);
    let board = |group_by: Json| json!({ "object": "deal", "name": "x", "type": "KANBAN", "group_by": group_by });
    assert_eq!(wrong(board(Json::Null)).await, ["group_by required"]);
    assert_eq!(wrong(board(json!("amount"))).await, ["group_by not_groupable"]);
    assert_eq!(wrong(board(json!("stag"))).await, ["group_by unknown_field"]);
    let calendar = json!({ "object": "deal", "name": "x", "type": "CALENDAR", "group_by": "stage" });
    assert_eq!(wrong(calendar).await, ["group_by not_groupable"]);
    for columns in [json!("name"), json!([7]), json!([{ "width": 90 }]), json!([{ "field": "name", "x": 1 }])] {
        let found = wrong(json!({ "object": "deal", "name": "x", "columns": columns })).await;
        assert!(found.len() == 1 && found[0].ends_with("wrong_type"), "{columns}: {found:?}");
    }
    assert_eq!(crm.views(ada, None).await.unwrap(), []);
}

    async fn a_view_shows_nothing_that_its_reader_may_not_see(store: TestStore) {
    let fixture = Fixture::new(&store).await;
    let (crm, ada, max) = (&fixture.crm, &fixture.ada, max(&fixture));
    let made = async |json: Json| {
        let mut json = json;
        json["object"] = json!("deal");
        json["visibility"] = json!("WORKSPACE");
        crm.create_view(ada, new(json)).await.unwrap()
    };
    let shown = made(json!({ "name": "Shown", "columns": ["name", "amount"], "sort": "-amount,name" })).await;
    let filtered =
        made(json!({ "name": "Filtered", "filter": { "not": { "amount": { "gte": 7_000_000 } } } })).await;
    let board = made(json!({ "name": "Board", "type": "KANBAN", "group_by": "stage" })).await;
    let own = crm.create_view(ada, new(json!({ "object": "deal", "name": "Mine" }))).await.unwrap();

    assert_eq!(names(&crm.views(&max, Some("deal")).await.unwrap()), ["Shown", "Filtered", "Board"]);
    assert_eq!(problem(crm.view(&max, own.id).await).code, "view_not_found", "another's is not there");
    let blind = without(&max, &["amount", "stage"]);
    let seen = crm.views(&blind, None).await.unwrap();
    assert_eq!(names(&seen), ["Shown"]);
    let told = json!(seen[0]).to_string();
    assert!(!told.contains("amount") && told.contains("\"sort\":\"name\""), "{told}");
    for hidden in [filtered.id, board.id, own.id] {
        let lost: Vec<_> = vec![
            problem(crm.view(&blind, hidden).await),
            problem(crm.change_view(&blind, hidden, changes(json!({ "name": "x" }))).await),
            problem(crm.delete_view(&blind, hidden, None).await),
        ];
        assert!(lost.iter().all(|problem| problem.code == "view_not_found"), "{lost:?}");
    }
    let nobody = fixture.with(Grants::nothing());
    assert_eq!(crm.views(&nobody, None).await.unwrap(), []);
    assert_eq!(problem(crm.view(&nobody, shown.id).await).code, "view_not_found");
    let unknown = ViewId(crm.environment().new_id());
    assert_eq!(problem(crm.view(ada, unknown).await).code, "view_not_found");
    // Whoever may not read a field makes no view with it either.
    let probe = json!({ "object": "deal", "name": "x", "filter": { "amount": { "gte": 1 } } });
    assert_eq!(problem(crm.create_view(&blind, new(probe)).await).issues[0].code, "unknown_field");
}

    async fn a_view_of_the_workspace_is_changed_by_its_owner_or_who_may_change_settings(store: TestStore) {
    let fixture = Fixture::new(&store).await;
    let (crm, ada, max) = (&fixture.crm, &fixture.ada, max(&fixture));
    let shared = json!({ "object": "deal", "name": "Shared", "visibility": "WORKSPACE" });
    let of_ada = crm.create_view(ada, new(shared.clone())).await.unwrap();
    let of_max = crm.create_view(&max, new(shared)).await.unwrap();
    assert!(!crm.view(&max, of_ada.id).await.unwrap().1.can_update);
    assert_eq!(problem(crm.change_view(&max, of_ada.id, changes(json!({ "name": "x" }))).await).code, "not_permitted");
    assert_eq!(problem(crm.delete_view(&max, of_ada.id, None).await).code, "not_permitted");
    crm.change_view(&max, of_max.id, changes(json!({ "name": "Of Max" }))).await.unwrap();
    crm.change_view(ada, of_max.id, changes(json!({ "icon": "target" }))).await.unwrap();
    let taken = problem(crm.change_view(ada, of_max.id, changes(json!({ "visibility": "PRIVATE" }))).await);
    assert_eq!(taken.issues[0].code, "not_yours");
    crm.change_view(&max, of_max.id, changes(json!({ "visibility": "PRIVATE" }))).await.unwrap();
    assert_eq!(problem(crm.view(ada, of_max.id).await).code, "view_not_found");
    crm.delete_view(&max, of_max.id, None).await.unwrap();
    crm.delete_view(ada, of_ada.id, None).await.unwrap();

    let query = AuditQuery { action: Some("view.*".to_owned()), limit: 50, ..AuditQuery::default() };
    let namespace = store.workspace(fixture.workspace).await.unwrap();
    let acts = namespace.read(query, |tx, query| Box::pin(tx.audit_log(query))).await;
    let acts: Vec<_> = acts.unwrap();
    let words: Vec<_> = acts.iter().rev().map(|act| act.action.as_str()).collect();
    assert_eq!(words, [
        "view.created", "view.created", "view.updated", "view.updated", "view.updated", "view.deleted",
    ], "what was private when it was deleted is nobody's but its owner's");
    assert_eq!(acts[0].target, format!("view:{}", of_ada.id));
}
}
