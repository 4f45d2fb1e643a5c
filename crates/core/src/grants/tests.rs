use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::scope::{CHAT, Patterns};

const OBJECTS: [&str; 3] = ["contact", "deal", "note"];
const FIELDS: [&str; 4] = ["name", "amount", "stage", "owner"];

#[test]
fn a_readable_schema_has_nothing_hidden_in_it() {
    let field = |name| {
        crate::metadata::Field::new(
            crate::ids::FieldId(uuid::Uuid::nil()),
            Name::literal(name),
            name,
            crate::metadata::FieldKind::Boolean,
        )
    };
    let object = |name: &'static str, plural| Object {
        id: crate::ids::ObjectId(uuid::Uuid::nil()),
        name: Name::literal(name),
        plural: Name::literal(plural),
        label: name.to_owned(),
        label_plural: plural.to_owned(),
        description: String::new(),
        icon: String::new(),
        label_field: Name::literal("name"),
        is_custom: false,
        is_read_only: false,
        pipeline: None,
        fields: FIELDS.map(field).into(),
    };
    let schema =
        Schema::new(3, vec![object("contact", "contacts"), object("deal", "deals"), object("note", "notes")]);
    let grants = Grants::everything().with_object(Name::literal("note"), ObjectGrant::nothing()).with_object(
        Name::literal("deal"),
        ObjectGrant::everything().reading(FieldSet::Except([Name::literal("amount")].into())),
    );
    let seen = grants.readable_schema(&schema);
    assert_eq!((seen.version(), seen.objects().len()), (3, 2));
    assert!(seen.object("note").is_none() && seen.object_by_plural("notes").is_none());
    let names: Vec<_> = seen.object("deal").unwrap().fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["name", "stage", "owner"]);
    assert!(Arc::ptr_eq(seen.object("contact").unwrap(), schema.object("contact").unwrap()));
}

fn names() -> impl Strategy<Value = BTreeSet<Name>> {
    prop::collection::btree_set(prop::sample::select(FIELDS.to_vec()).prop_map(Name::literal), 0..4)
}

fn field_set() -> impl Strategy<Value = FieldSet> {
    prop_oneof![names().prop_map(FieldSet::Except), names().prop_map(FieldSet::Only)]
}

fn action() -> impl Strategy<Value = Action> {
    prop::sample::select(Action::ALL.to_vec())
}

fn object_grant() -> impl Strategy<Value = ObjectGrant> {
    let rule =
        prop::sample::select(FIELDS.to_vec()).prop_map(|field| RowRule::new(&json!({field: {"eq": "x"}})));
    (
        prop::collection::vec(action(), 0..7),
        field_set(),
        field_set(),
        prop::collection::vec((action(), rule), 0..4),
    )
        .prop_map(|(actions, read, update, rules)| {
            let grant = ObjectGrant::of(actions).reading(read).updating(update);
            rules.into_iter().fold(grant, |grant, (action, rule)| grant.for_rows(action, rule))
        })
}

fn agents() -> impl Strategy<Value = AgentSet> {
    let pattern =
        prop::sample::select(vec!["*", "sales-*", "sales-assistant", "analyst", "*-assistant", "s*", "**"]);
    let list = prop::collection::vec(pattern, 0..3).prop_map(AgentSet::of);
    prop::collection::vec(list, 0..3)
        .prop_map(|sets| sets.iter().fold(AgentSet::all(), |all, one| all.intersect(one)))
}

const AGENTS: [&str; 4] = ["sales-assistant", "sales-", "analyst", "support-assistant"];

fn grants() -> impl Strategy<Value = Grants> {
    (
        object_grant(),
        prop::collection::btree_map(
            prop::sample::select(OBJECTS.to_vec()).prop_map(Name::literal),
            object_grant(),
            0..3,
        ),
        prop::collection::vec(prop::sample::select(Permission::ALL.to_vec()), 0..=Permission::ALL.len()),
        agents(),
    )
        .prop_map(|(default, objects, platform, agents)| {
            let base = Grants { default, ..Grants::nothing() };
            objects
                .into_iter()
                .fold(base, |grants, (name, grant)| grants.with_object(name, grant))
                .with_platform(platform)
                .with_agents(agents)
        })
}

/// Every question a grant answers, for the objects named and one that is not.
fn answers(grants: &Grants) -> Vec<bool> {
    let mut answers = Vec::new();
    for object in OBJECTS.into_iter().chain(["unnamed"]) {
        answers.extend(Action::ALL.map(|action| grants.allows(object, action)));
        for field in FIELDS {
            answers.push(grants.can_read_field(object, field));
            let writes = Action::ALL.iter().any(|action| grants.allows(object, *action));
            answers.push(writes && grants.can_update_field(object, field));
        }
    }
    answers.extend(Permission::ALL.map(|permission| grants.permits(permission)));
    answers.extend(AGENTS.map(|agent| grants.agents().contains(agent)));
    answers
}

fn rules(grants: &Grants, object: &str, action: Action) -> BTreeSet<RowRule> {
    grants.row_rules(object, action).cloned().collect()
}

proptest! {
    #[test]
    fn the_order_of_an_intersection_does_not_matter(a in grants(), b in grants(), c in grants()) {
        prop_assert_eq!(answers(&a.intersect(&b)), answers(&b.intersect(&a)));
        prop_assert_eq!(a.intersect(&b), b.intersect(&a));
        prop_assert_eq!(a.intersect(&b).intersect(&c), a.intersect(&b.intersect(&c)));
    }

    #[test]
    fn what_is_within_other_grants_allows_nothing_beyond_them(a in grants(), b in grants()) {
        prop_assert!(a.is_within(&a) && a.is_within(&Grants::everything()));
        prop_assert!(a.intersect(&b).is_within(&a) && a.intersect(&b).is_within(&b));
        if a.is_within(&b) {
            let beyond = answers(&a).into_iter().zip(answers(&b)).filter(|(a, b)| *a && !b).count();
            prop_assert_eq!(beyond, 0);
        }
    }

    #[test]
    fn intersecting_with_itself_changes_no_answer(a in grants()) {
        let twice = a.intersect(&a);
        prop_assert_eq!(answers(&twice), answers(&a));
        for object in OBJECTS {
            for action in Action::ALL {
                prop_assert_eq!(rules(&twice, object, action), rules(&a, object, action));
            }
        }
    }

    #[test]
    fn an_intersection_allows_exactly_what_both_sides_allow(a in grants(), b in grants()) {
        let both = a.intersect(&b);
        for (both, (a, b)) in answers(&both).into_iter().zip(answers(&a).into_iter().zip(answers(&b))) {
            prop_assert!(!both || (a && b), "an intersection allowed what one side denies");
        }
        for object in OBJECTS.into_iter().chain(["unnamed"]) {
            for action in Action::ALL {
                prop_assert_eq!(both.allows(object, action), a.allows(object, action) && b.allows(object, action));
                let union: BTreeSet<_> = &rules(&a, object, action) | &rules(&b, object, action);
                prop_assert_eq!(rules(&both, object, action), union);
            }
        }
    }

    #[test]
    fn everything_is_neutral_and_nothing_absorbs(a in grants()) {
        prop_assert_eq!(answers(&a.intersect(&Grants::everything())), answers(&a));
        let nothing = Grants::nothing().with_agents(AgentSet::of(Vec::<String>::new()));
        prop_assert!(answers(&a.intersect(&nothing)).iter().all(|answer| !answer));
    }

    #[test]
    fn grants_survive_their_json(a in grants()) {
        let text = serde_json::to_string(&a).unwrap();
        prop_assert_eq!(serde_json::from_str::<Grants>(&text).unwrap(), a);
    }
}

#[test]
fn nothing_but_talking_to_agents_is_allowed_by_default() {
    let answers = answers(&Grants::default());
    let (others, agents) = answers.split_at(answers.len() - AGENTS.len());
    assert!(others.iter().all(|answer| !answer) && agents.iter().all(|answer| *answer));
}

#[test]
fn a_list_of_fields_that_is_left_out_bounds_nothing_and_rules_may_stand_alone() {
    let json =
        json!({"default": {"actions": ["read", "update"], "rows": {"read": {"owner": {"eq": "$me"}}}}});
    let read: Grants = serde_json::from_value(json).unwrap();
    assert!(read.can_update_field("deal", "amount"));
    assert_eq!(read.row_rules("deal", Action::Update).count(), 1);
}

#[test]
fn agents_are_named_or_matched_and_a_role_that_names_none_allows_all() {
    let read: Grants =
        serde_json::from_value(json!({"agents": ["sales-*", "sales-assistant", "analyst"]})).unwrap();
    assert_eq!(serde_json::to_value(read.agents()).unwrap(), json!(["analyst", "sales-*"]));
    assert!(Grants::default().agents().is_all() && AgentSet::of(["**"]).is_all());
    let none = AgentSet::of(Vec::<String>::new());
    assert!(AGENTS.iter().all(|agent| !none.contains(agent)));
    let narrower = Grants::default().with_agents(AgentSet::of(["sales-assistant"]));
    assert!(narrower.is_within(&read) && !read.is_within(&narrower) && read.is_within(&Grants::everything()));
}

#[test]
fn equal_rules_are_one_whatever_the_order_of_their_keys() {
    let a = RowRule::new(&json!({"owner": {"eq": "$me"}, "stage": {"eq": "LEAD"}}));
    let b = RowRule::new(&json!({"stage": {"eq": "LEAD"}, "owner": {"eq": "$me"}}));
    assert_eq!(a, b);
}

#[test]
fn a_scope_leaves_the_actions_of_its_operations_and_of_other_records_their_names() {
    let scope = |patterns: &[&str]| Patterns::new(patterns.iter().map(|&one| one.to_owned()).collect());
    let all = Grants::everything();
    let deals = all.within_scope(&scope(&["deal.find", "deal.update"]));
    assert!(deals.allows("deal", Action::Update) && deals.can_read_field("deal", "amount"));
    for refused in [Action::Create, Action::Delete, Action::Restore, Action::Destroy] {
        assert!(!deals.allows("deal", refused), "{refused:?}");
    }
    assert!(deals.can_read_field("account", "name") && !deals.can_read_field("account", "industry"));
    assert!(Action::ALL[1..].iter().all(|action| !deals.allows("account", *action)));
    assert!(Permission::ALL.iter().all(|permission| !deals.permits(*permission)));
    assert!(!deals.agents().contains("analyst"));
    let reading = all.within_scope(&scope(&["*.find", CHAT]));
    assert!(reading.can_read_field("whatever", "amount") && !reading.allows("whatever", Action::Update));
    assert!(reading.agents().contains("analyst"));
    assert!(all.within_scope(&scope(&["search"])).can_read_field("deal", "amount"));
    assert!(!all.within_scope(&scope(&["search", "lead.get"])).can_read_field("deal", "amount"));
    assert!(!all.within_scope(&scope(&[CHAT])).can_read_field("deal", "amount"));
    assert_eq!(all.within_scope(&scope(&["*"])), all);
    // What the role denies no scope gives.
    let viewer =
        Grants::on_every_object([Action::Read]).with_object(Name::literal("lead"), ObjectGrant::nothing());
    let writing = viewer.within_scope(&scope(&["*.update", "lead.find"]));
    assert!(!writing.allows("deal", Action::Update) && !writing.allows("lead", Action::Read));
    assert!(writing.is_within(&viewer) && viewer.within_scope(&scope(&["*"])).is_within(&viewer));
}
