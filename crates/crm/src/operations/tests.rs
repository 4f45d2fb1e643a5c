use std::{collections::BTreeSet, sync::Arc};

use kontor_core::{
    environment::{Environment, ManualClock, SeededRandom},
    error::ErrorKind,
    grants::{Action, FieldSet, Grants, ObjectGrant},
    ids::WorkspaceId,
    metadata::{Name, Schema},
    operation::Definition,
    scope::Scope,
    time::Timestamp,
};
use kontor_operations::{Catalogues, Contributor as _, Registry};
use serde_json::{Value as Json, json};

use super::RecordOperations;

/// Every operation that grants allow.
const ALL: Scope = Scope::everything();

fn catalogue(grants: &Grants) -> Registry {
    let clock = ManualClock::at(Timestamp::EPOCH);
    let environment = Environment::new(Arc::new(clock), Arc::new(SeededRandom::new(1)));
    let schema = Arc::new(Schema::new(1, crate::standard::objects(&environment)));
    Registry::new(RecordOperations.operations(&schema, grants))
}

fn names(catalogue: &Registry) -> Vec<&str> {
    catalogue.definitions(&ALL).map(|definition| definition.name.as_str()).collect()
}

fn definition<'c>(catalogue: &'c Registry, name: &str) -> &'c Definition {
    catalogue.get(&ALL, name).unwrap().definition()
}

fn fields(names: &[&'static str]) -> BTreeSet<Name> {
    names.iter().map(|name| Name::literal(name)).collect()
}

/// Everything of every object, but one grant for one.
fn with(object: &'static str, grant: ObjectGrant) -> Grants {
    Grants::everything().with_object(Name::literal(object), grant)
}

#[test]
fn an_admin_has_every_operation_with_its_effect() {
    let catalogue = catalogue(&Grants::everything());
    let listed: Vec<_> = catalogue
        .definitions(&ALL)
        .map(|definition| format!("{} {:?}: {}", definition.name, definition.effect, definition.description))
        .collect();
    insta::assert_snapshot!(listed.join("\n"));
}

#[test]
fn the_schemas_of_deals_say_all_there_is_to_say() {
    let catalogue = catalogue(&Grants::everything());
    let of = |name: &str| (*definition(&catalogue, name).parameters).clone();
    insta::assert_json_snapshot!("deal_find", of("deal.find"));
    insta::assert_json_snapshot!("deal_update", of("deal.update"));
    insta::assert_json_snapshot!("deal_group", of("deal.group"));
    insta::assert_json_snapshot!("contact_create", of("contact.create"));
    insta::assert_json_snapshot!("activity_log", of("activity.log"));
}

#[test]
fn an_operation_that_removes_is_never_proposed_in_the_place_of_another() {
    let catalogue = catalogue(&Grants::everything());
    let told = |name: &str| catalogue.check(&ALL, name, &json!({})).err().unwrap().message;
    for wrong in ["deal_list", "deal.list", "deal.details", "deal.delet", "deals.delete", "deal.remove"] {
        assert!(!told(wrong).contains("delete?"), "{wrong}: {}", told(wrong));
    }
    assert!(told("deal.updat").contains("Did you mean deal.update?"), "{}", told("deal.updat"));
}

#[test]
fn whoever_may_only_read_has_only_reading_operations() {
    let catalogue = catalogue(&Grants::on_every_object([Action::Read]));
    let verbs: BTreeSet<_> =
        names(&catalogue).into_iter().map(|name| name.rsplit('.').next().unwrap_or(name)).collect();
    assert_eq!(verbs, ["find", "get", "group", "search", "timeline"].into_iter().collect());
}

#[test]
fn members_are_only_read() {
    let catalogue = catalogue(&Grants::everything());
    let of_members: Vec<_> =
        names(&catalogue).into_iter().filter(|name| name.starts_with("member.")).collect();
    assert_eq!(of_members, ["member.find", "member.get", "member.group", "member.timeline"]);
}

#[test]
fn a_hidden_field_is_in_no_schema() {
    let hidden = ObjectGrant::everything().reading(FieldSet::Except(fields(&["lead_score", "lifecycle"])));
    let catalogue = catalogue(&with("contact", hidden));
    for definition in catalogue.definitions(&ALL) {
        let text = serde_json::to_string(definition).unwrap();
        for trace in ["lead_score", "Lead score", "lifecycle", "CHURNED"] {
            assert!(!text.contains(trace), "{} shows {trace}", definition.name);
        }
    }
}

#[test]
fn a_field_that_may_only_be_read_can_be_filtered_by_and_not_written() {
    let grant = ObjectGrant::everything().updating(FieldSet::Except(fields(&["amount"])));
    let catalogue = catalogue(&with("deal", grant));
    let has = |operation: &str, pointer: &str| {
        definition(&catalogue, operation).parameters.pointer(pointer).is_some()
    };
    assert!(has("deal.find", "/properties/filter/properties/amount"));
    assert!(!has("deal.update", "/properties/amount") && has("deal.update", "/properties/stage"));
    assert!(!has("deal.create", "/properties/amount"));
}

#[test]
fn what_requires_a_field_that_may_not_be_written_cannot_be_created() {
    let grant = ObjectGrant::everything().updating(FieldSet::Only(fields(&["stage"])));
    let catalogue = catalogue(&with("deal", grant));
    assert!(catalogue.get(&ALL, "deal.create").is_none() && catalogue.get(&ALL, "deal.update").is_some());
}

#[test]
fn an_object_that_may_not_be_read_is_nowhere() {
    let catalogue = catalogue(&with("account", ObjectGrant::nothing()));
    assert!(!names(&catalogue).iter().any(|name| name.starts_with("account.")));
    let text = serde_json::to_string(&*definition(&catalogue, "deal.update").parameters).unwrap();
    assert!(!text.contains("account"), "{text}");
    let targets = definition(&catalogue, "activity.log").parameters["properties"]["target"].clone();
    assert_eq!(targets["properties"]["object"]["enum"], json!(["contact", "deal", "lead"]));
}

#[test]
fn arguments_that_do_not_fit_are_answered_with_place_and_remedy() {
    let catalogue = catalogue(&Grants::everything());
    let issues = |name: &str, arguments: Json| {
        let Err(problem) = catalogue.check(&ALL, name, &arguments) else { panic!("{name} took {arguments}") };
        assert_eq!(problem.kind, ErrorKind::Invalid);
        problem
            .issues
            .iter()
            .map(|issue| format!("{} {}: {}", issue.code, issue.path, issue.message))
            .collect::<Vec<_>>()
    };
    let id = "018f2b6e-7c1a-7000-8000-000000000001";
    assert_eq!(
        issues("deal.find", json!({"filters": {"stage": {"eq": "LEAD"}}})),
        ["unknown_field filters: there is no \"filters\" here. Did you mean filter?"]
    );
    assert_eq!(
        issues("deal.update", json!({"id": id, "stage": "NEGOTIATE"})),
        [
            "unknown_option stage: \"NEGOTIATE\" is not one of LEAD, QUALIFIED, PROPOSAL, NEGOTIATION, CLOSED_WON, \
          CLOSED_LOST. Did you mean NEGOTIATION?"
        ]
    );
    assert_eq!(
        issues("deal.update", json!({"id": id, "version": 7})).len(),
        1,
        "what the system writes is no argument"
    );
    assert_eq!(issues("contact.create", json!({"job_title": "Buyer"})), ["required name: name is required"]);
    let Err(problem) = catalogue.check(&ALL, "deal.updat", &json!({})) else { panic!("it exists") };
    assert_eq!((problem.code.as_ref(), problem.message.contains("deal.update")), ("unknown_operation", true));
}

#[test]
fn arguments_as_a_model_writes_them_fit() {
    let catalogue = catalogue(&Grants::everything());
    let id = "018f2b6e-7c1a-7000-8000-000000000001";
    for (name, arguments) in [
        (
            "deal.find",
            json!({
                "filter": {"and": [
                    {"stage": {"in": ["LEAD", "PROPOSAL"]}},
                    {"amount": {"gte": 10_000}, "amount.currency": {"eq": "USD"}},
                    {"account.name": {"contains": "bright"}},
                    {"owner": {"eq": "$me"}},
                    {"not": {"close_date": {"lt": "2026-03-01"}}},
                    {"created_at": {"gte": "2026-01-01"}},
                ]},
                "sort": "-amount,name",
                "fields": ["name", "amount"],
                "limit": 60,
                "total": true,
            }),
        ),
        (
            "deal.create",
            json!({"name": "Acme renewal", "amount": {"amount": 1250.5}, "account": id, "contact": null}),
        ),
        (
            "deal.group",
            json!({"by": ["stage", "close_date:month"], "aggregates": [{"function": "sum", "field": "amount"}]}),
        ),
        (
            "contact.update",
            json!({"id": id, "emails": {"primary": "a@b.example"}, "lead_score": 70, "job_title": null}),
        ),
        (
            "activity.log",
            json!({"type": "CALL", "subject": "Renewal", "target": {"object": "contact", "id": id}}),
        ),
        ("note.create", json!({"title": "Hello", "target": {"object": "deal", "id": id}})),
        ("search", json!({"query": "bright", "objects": ["account"]})),
    ] {
        if let Err(problem) = catalogue.check(&ALL, name, &arguments) {
            panic!("{name}: {problem:?}");
        }
    }
}

#[test]
fn the_catalogue_of_the_standard_objects_fits_a_prompt() {
    let catalogue = catalogue(&Grants::everything());
    let definitions: Vec<_> = catalogue.definitions(&ALL).collect();
    let size = serde_json::to_string(&definitions).unwrap().len();
    assert!(size < 75_000, "{size} bytes are sent with every call of a model");
}

#[test]
fn every_schema_is_a_json_schema() {
    let catalogue = catalogue(&Grants::everything());
    for definition in catalogue.definitions(&ALL) {
        let schema = &definition.parameters;
        assert!(jsonschema::meta::is_valid(schema), "{}: {schema}", definition.name);
        for reference in references(schema) {
            let target = reference.strip_prefix('#').and_then(|pointer| schema.pointer(pointer));
            assert!(target.is_some(), "{}: {reference} leads nowhere", definition.name);
        }
    }
}

/// What the `$ref`s in a schema point to.
fn references(schema: &Json) -> Vec<&str> {
    match schema {
        Json::Array(items) => items.iter().flat_map(references).collect(),
        Json::Object(map) => {
            let own = map.get("$ref").and_then(Json::as_str);
            own.into_iter().chain(map.values().flat_map(references)).collect()
        }
        _ => Vec::new(),
    }
}

#[test]
fn equal_grants_share_a_catalogue_until_the_schema_changes() {
    let environment = Environment::system();
    let schema = |version| Arc::new(Schema::new(version, crate::standard::objects(&environment)));
    let workspace: WorkspaceId = environment.new_id();
    let viewer = || Arc::new(Grants::on_every_object([Action::Read]));
    let catalogues = Catalogues::new(vec![Arc::new(RecordOperations)]);
    let first = catalogues.of(workspace, &schema(1), &viewer());
    assert!(Arc::ptr_eq(&first, &catalogues.of(workspace, &schema(1), &viewer())));
    assert!(!Arc::ptr_eq(&first, &catalogues.of(workspace, &schema(2), &viewer())));
    assert!(!Arc::ptr_eq(&first, &catalogues.of(environment.new_id(), &schema(1), &viewer())));
    let admin = catalogues.of(workspace, &schema(2), &Arc::new(Grants::everything()));
    assert!(admin.get(&ALL, "deal.delete").is_some() && first.get(&ALL, "deal.delete").is_none());
}
