//! What models are shown of the standard objects and agents: what it says, how long it is, and that every provider
//! takes it.

use std::sync::Arc;

use kontor_core::{
    caller::Caller,
    environment::Environment,
    grants::{Action, FieldSet, Grants, ObjectGrant},
    ids::{MemberId, ObjectId, WorkspaceId},
    locale::{DateLanguage, TimeZone},
    metadata::{Field, FieldKind, Name, Object, Schema, SelectOption, TextFormat},
};
use kontor_models::{
    Definitions, Scene, SceneMember, ToolDefinition,
    surface::{Surface, USUAL_BUDGET},
};
use kontor_operations::{Contributor, Registry};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{FirstVersion, Prompt, Values, install::standard};

/// What a tool is on OpenAI's wire, where its name has no dot.
fn on_the_wire(tool: &ToolDefinition) -> String {
    let function = json!({
        "name": tool.name.replace('.', "_"), "description": tool.description, "parameters": tool.parameters,
    });
    json!({"type": "function", "function": function}).to_string()
}

fn tokens(text: &str) -> usize {
    tiktoken_rs::o200k_base_singleton().encode_ordinary(text).len()
}

struct Shown {
    surface: Surface,
    prompt: String,
}

impl Shown {
    fn tools(&self) -> usize {
        self.surface.tools().iter().map(|tool| tokens(&on_the_wire(tool))).sum()
    }
}

/// What an agent's model is shown of a workspace.
fn shown(agent: &FirstVersion, schema: &Arc<Schema>, grants: &Arc<Grants>, budget: usize) -> Shown {
    let registry = Registry::new(kontor_crm::RecordOperations.operations(schema, grants));
    let caller = Caller::system(WorkspaceId(Uuid::nil()));
    let scope = caller.scope.narrowed(&agent.definition.operations);
    let surface = Surface::new(registry.definitions(&scope), schema, grants, budget);
    let definitions = Definitions { schema: schema.clone(), grants: grants.clone(), operations: Vec::new() };
    let scene = Scene {
        today: "2026-11-22".parse().unwrap(),
        time_zone: TimeZone::UTC,
        dates: DateLanguage::default(),
        member: SceneMember { id: MemberId(Uuid::from_u128(1)), name: "Ada Lovelace".to_owned() },
        record: None,
        definitions: Arc::new(definitions),
        colleagues: Arc::default(),
        successors: Arc::default(),
    };
    let values = Values {
        agent_label: &agent.definition.label,
        workspace: "Demo",
        role: "Admin",
        scene: &scene,
        objects: surface.outline(),
    };
    let prompt = Prompt::new(&agent.name, &agent.prompt).unwrap().render(&values).unwrap();
    Shown { surface, prompt }
}

fn agents() -> Vec<FirstVersion> {
    standard(&Environment::system()).unwrap()
}

fn standard_schema() -> Arc<Schema> {
    Arc::new(Schema::new(1, kontor_crm::standard::objects(&Environment::system())))
}

/// The standard objects and enough others to be 40, each with 15 fields.
fn large_schema() -> Arc<Schema> {
    let environment = Environment::system();
    let mut objects = kontor_crm::standard::objects(&environment);
    let name = |text: String| text.parse::<Name>().unwrap();
    let option = |value: &str| SelectOption {
        value: value.to_owned(),
        label: value.to_lowercase(),
        color: "gray".to_owned(),
        outcome: None,
        probability: None,
    };
    for number in objects.len()..40 {
        let kinds = (0..15).map(|place| match place % 5 {
            0 => FieldKind::Text { format: TextFormat::Line },
            1 => FieldKind::Currency,
            2 => FieldKind::Select { options: ["FIRST", "SECOND", "THIRD", "FOURTH"].map(option).to_vec() },
            3 => FieldKind::Date,
            _ => FieldKind::Relation { object: Name::literal("account") },
        });
        let fields: Vec<Field> = kinds
            .zip(0..)
            .map(|(kind, place)| {
                let label = format!("Property {place} of it");
                Field::new(environment.new_id(), name(format!("property_{place}_of_it")), label, kind)
            })
            .collect();
        let object: Object = serde_json::from_value(json!({
            "id": environment.new_id::<ObjectId>(),
            "name": name(format!("custom_thing_{number}")),
            "icon": "box",
            "plural": name(format!("custom_things_{number}")),
            "label": format!("Custom thing {number}"),
            "label_plural": format!("Custom things {number}"),
            "label_field": fields[0].name,
            "is_custom": true,
            "is_read_only": false,
            "fields": fields,
        }))
        .unwrap();
        objects.push(object);
    }
    Arc::new(Schema::new(1, objects))
}

#[test]
fn the_standard_objects_take_few_tokens() {
    for agent in agents() {
        let shown = shown(&agent, &standard_schema(), &Arc::new(Grants::everything()), USUAL_BUDGET);
        let (tools, prompt) = (shown.tools(), tokens(&shown.prompt));
        println!("{}: {tools} tokens of tools, {prompt} of prompt", agent.name);
        assert!(tools <= 2_500 && prompt <= 1_200, "{}: {tools} and {prompt}", agent.name);
        assert!(shown.prompt.contains("stage LEAD|"), "{}", shown.prompt);
    }
}

#[test]
fn forty_objects_take_few_tokens() {
    for agent in agents() {
        let shown = shown(&agent, &large_schema(), &Arc::new(Grants::everything()), USUAL_BUDGET);
        let (tools, prompt) = (shown.tools(), tokens(&shown.prompt));
        println!("{}: {tools} tokens of tools, {prompt} of prompt", agent.name);
        assert!(tools + prompt <= 4_000, "{}: {tools} and {prompt}", agent.name);
        for object in large_schema().objects() {
            assert!(shown.prompt.contains(&format!("(`{}`", object.name)), "{}", object.name);
        }
    }
}

#[test]
fn the_estimate_of_tokens_is_seldom_too_few_and_not_far_too_many() {
    let agent = &agents()[0];
    let full = shown(agent, &standard_schema(), &Arc::new(Grants::everything()), usize::MAX);
    let short = shown(agent, &standard_schema(), &Arc::new(Grants::everything()), 0);
    let mut texts = vec![short.prompt, include_str!("../../../../docs/http.md").to_owned()];
    texts.push(include_str!("tests.rs").to_owned());
    texts.extend(
        [full.surface, short.surface]
            .iter()
            .map(|surface| surface.tools().iter().map(on_the_wire).collect::<Vec<_>>().join("\n")),
    );
    for text in texts {
        let (estimated, counted) = (kontor_models::tokens::estimate(&text), tokens(&text));
        let ratio = estimated as f64 / counted as f64;
        println!("{estimated} estimated, {counted} counted: {ratio:.2}");
        assert!((0.97..1.4).contains(&ratio), "{estimated} for {counted}: {:.200}", text);
    }
}

#[test]
fn a_prompt_lists_the_objects_and_fields_that_may_be_read() {
    let hidden = FieldSet::Except([Name::literal("amount")].into());
    let grants = Grants::on_every_object([Action::Read])
        .with_object(Name::literal("deal"), ObjectGrant::of([Action::Read]).reading(hidden))
        .with_object(Name::literal("lead"), ObjectGrant::nothing());
    let analyst = &agents()[1];
    insta::assert_snapshot!(shown(analyst, &standard_schema(), &Arc::new(grants), USUAL_BUDGET).prompt);
}

#[test]
fn the_tools_of_the_standard_objects_are_these() {
    let shown = shown(&agents()[0], &standard_schema(), &Arc::new(Grants::everything()), USUAL_BUDGET);
    let tools: Vec<_> = shown
        .surface
        .tools()
        .iter()
        .map(|tool| {
            json!({
                "name": tool.name, "description": tool.description, "parameters": *tool.parameters,
            })
        })
        .collect();
    insta::assert_json_snapshot!(tools);
}

/// The keywords that each of these takes and uses:
/// Gemini (`Schema` of `generativelanguage.googleapis.com`, and no object without properties), OpenAI's strict mode
/// (structured outputs, "supported schemas"), Mistral (as OpenAI), Ollama (`api.ToolProperty`, which drops others) and
/// the grammars of llama.cpp (`json-schema-to-grammar`).
#[test]
fn every_surface_is_in_the_dialect_that_all_providers_take() {
    const KEYWORDS: [&str; 6] = ["type", "description", "enum", "items", "properties", "required"];
    fn check(schema: &Value, tool: &str, is_root: bool) {
        let map = schema.as_object().unwrap();
        for keyword in map.keys() {
            assert!(KEYWORDS.contains(&keyword.as_str()), "{tool}: {keyword} in {schema}");
        }
        let ty = map["type"].as_str().unwrap_or_else(|| panic!("{tool}: one type in {schema}"));
        assert_eq!(ty == "object", map.contains_key("properties"), "{tool}: {schema}");
        assert_eq!(ty == "array", map.contains_key("items"), "{tool}: {schema}");
        assert!(!is_root || ty == "object");
        for option in map.get("enum").and_then(Value::as_array).into_iter().flatten() {
            assert!(option.is_string() && ty == "string", "{tool}: {schema}");
        }
        if let Some(properties) = map.get("properties").and_then(Value::as_object) {
            assert!(!properties.is_empty(), "{tool}: {schema}");
            for (name, inner) in properties {
                let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
                assert!(is_plain && name.len() <= 64, "{tool}: {name}");
                check(inner, tool, false);
            }
            for name in map.get("required").and_then(Value::as_array).into_iter().flatten() {
                assert!(properties.contains_key(name.as_str().unwrap()), "{tool}: {name}");
            }
        }
        if let Some(items) = map.get("items") {
            check(items, tool, false);
        }
    }
    for agent in agents() {
        for schema in [standard_schema(), large_schema()] {
            for budget in [0, USUAL_BUDGET, usize::MAX] {
                let shown = shown(&agent, &schema, &Arc::new(Grants::everything()), budget);
                for tool in shown.surface.tools().iter() {
                    let name = tool.name.replace('.', "_");
                    assert!(name.len() <= 64 && tool.description.len() <= 1_024, "{name}");
                    check(&tool.parameters, &name, true);
                }
            }
        }
    }
}

/// Forty tasks over all verbs, with filters on related fields and several options, each as the one call that a model
/// writes in verbs and as the one operation that it means, which takes the arguments as they are.
#[test]
fn forty_tasks_take_one_call_each_in_verbs_as_in_operations() {
    const ID: &str = "018f2b6e-7c1a-7000-8000-000000000001";
    let schema = standard_schema();
    let grants = Arc::new(Grants::everything());
    let registry = Registry::new(kontor_crm::RecordOperations.operations(&schema, &grants));
    let scope = Caller::system(WorkspaceId(Uuid::nil())).scope;
    let surface = Surface::new(registry.definitions(&scope), &schema, &grants, USUAL_BUDGET);
    let on = |field: &str, operator: &str, value: &str| json!({"field": field, "operator": operator, "value": value});
    let set = |pairs: &[(&str, &str)]| -> Value {
        pairs.iter().map(|(field, value)| json!({"field": field, "value": value})).collect()
    };
    let target = json!({"object": "deal", "id": ID});
    let tasks = [
        // Finding.
        ("find", json!({"object": "deal"}), "deal.find", json!({})),
        (
            "find",
            json!({"object": "deal", "where": [on("stage", "eq", "PROPOSAL")]}),
            "deal.find",
            json!({"filter": {"stage": {"eq": "PROPOSAL"}}}),
        ),
        (
            "find",
            json!({"object": "deal", "where": [on("stage", "in", "PROPOSAL, NEGOTIATION")]}),
            "deal.find",
            json!({"filter": {"stage": {"in": ["PROPOSAL", "NEGOTIATION"]}}}),
        ),
        (
            "find",
            json!({"object": "deal", "where": [on("amount", "gte", "50000"), on("close_date", "eq", "this month")]}),
            "deal.find",
            json!({"filter": {"and": [{"amount": {"gte": "50000"}}, {"close_date": {"eq": "this month"}}]}}),
        ),
        (
            "find",
            json!({"object": "deal", "where": [on("account.name", "contains", "acme")]}),
            "deal.find",
            json!({"filter": {"account.name": {"contains": "acme"}}}),
        ),
        (
            "find",
            json!({"object": "deal", "where": [on("account.segment", "in", "SMB, MID_MARKET")], "sort": "-amount"}),
            "deal.find",
            json!({"filter": {"account.segment": {"in": ["SMB", "MID_MARKET"]}}, "sort": "-amount"}),
        ),
        (
            "find",
            json!({"object": "deal", "where": [on("owner", "eq", "$me")], "limit": 5}),
            "deal.find",
            json!({"filter": {"owner": {"eq": "$me"}}, "limit": 5}),
        ),
        (
            "find",
            json!({"object": "deal", "where": [on("amount", "is_empty", "true")], "total": true}),
            "deal.find",
            json!({"filter": {"amount": {"is_empty": true}}, "total": true}),
        ),
        (
            "find",
            json!({"object": "deal", "where": [on("stage", "eq", "CLOSED_WON"), on("probability", "gt", "80")], "any": true}),
            "deal.find",
            json!({"filter": {"or": [{"stage": {"eq": "CLOSED_WON"}}, {"probability": {"gt": "80"}}]}}),
        ),
        ("find", json!({"object": "contact", "search": "mia"}), "contact.find", json!({"search": "mia"})),
        (
            "find",
            json!({"object": "contact", "where": [on("emails", "eq", "mia@example.com")]}),
            "contact.find",
            json!({"filter": {"emails": {"eq": "mia@example.com"}}}),
        ),
        (
            "find",
            json!({"object": "contact", "where": [on("address.city", "eq", "Bremen")], "fields": ["name", "phones"]}),
            "contact.find",
            json!({"filter": {"address": {"eq": "Bremen"}}, "fields": ["name", "phones"]}),
        ),
        (
            "find",
            json!({"object": "lead", "where": [on("created_at", "gte", "this week")]}),
            "lead.find",
            json!({"filter": {"created_at": {"gte": "this week"}}}),
        ),
        (
            "find",
            json!({"object": "task", "where": [on("due_at", "lt", "today"), on("status", "neq", "DONE")]}),
            "task.find",
            json!({"filter": {"and": [{"due_at": {"lt": "today"}}, {"status": {"neq": "DONE"}}]}}),
        ),
        (
            "find",
            json!({"object": "account", "where": [on("ideal_customer_profile", "eq", "true")]}),
            "account.find",
            json!({"filter": {"ideal_customer_profile": {"eq": true}}}),
        ),
        ("find", json!({"object": "deal", "deleted": true}), "deal.find", json!({"deleted": true})),
        ("find", json!({"object": "deal", "after": "abc"}), "deal.find", json!({"after": "abc"})),
        ("search", json!({"query": "acme"}), "search", json!({"query": "acme"})),
        (
            "search",
            json!({"query": "acme", "objects": ["deal", "account"], "limit": 3}),
            "search",
            json!({"query": "acme", "objects": ["deal", "account"], "limit": 3}),
        ),
        // Reading.
        ("get", json!({"object": "deal", "id": ID}), "deal.get", json!({"id": ID})),
        ("get", json!({"object": "member", "id": ID}), "member.get", json!({"id": ID})),
        ("timeline", json!({"object": "account", "id": ID}), "account.timeline", json!({"id": ID})),
        (
            "timeline",
            json!({"object": "contact", "id": ID, "limit": 3}),
            "contact.timeline",
            json!({"id": ID, "limit": 3}),
        ),
        // Counting.
        ("group", json!({"object": "deal"}), "deal.group", json!({})),
        (
            "group",
            json!({"object": "deal", "by": ["stage"], "aggregates": [{"function": "sum", "field": "amount"}]}),
            "deal.group",
            json!({"by": ["stage"], "aggregates": [{"function": "sum", "field": "amount"}]}),
        ),
        (
            "group",
            json!({"object": "deal", "by": ["close_date:month", "owner"], "where": [on("stage", "eq", "CLOSED_WON")]}),
            "deal.group",
            json!({"by": ["close_date:month", "owner"], "filter": {"stage": {"eq": "CLOSED_WON"}}}),
        ),
        (
            "group",
            json!({"object": "contact", "by": ["account.segment"]}),
            "contact.group",
            json!({"by": ["account.segment"]}),
        ),
        // Making.
        (
            "create",
            json!({"object": "task", "values": set(&[("title", "Call Mia"), ("due_at", "2026-03-01T10:00")])}),
            "task.create",
            json!({"title": "Call Mia", "due_at": "2026-03-01T10:00"}),
        ),
        (
            "create",
            json!({"object": "deal", "values": set(&[("name", "Acme"), ("stage", "PROPOSAL"), ("amount", "50000 EUR"), ("account", ID)])}),
            "deal.create",
            json!({"name": "Acme", "stage": "PROPOSAL", "amount": {"amount": 50000, "currency": "EUR"}, "account": ID}),
        ),
        (
            "create",
            json!({"object": "contact", "values": set(&[("name", "Mia Hartmann"), ("emails", "mia@example.com"), ("address.city", "Bremen")])}),
            "contact.create",
            json!({"name": {"first": "Mia", "last": "Hartmann"}, "emails": {"primary": "mia@example.com"}, "address": {"city": "Bremen"}}),
        ),
        (
            "create",
            json!({"object": "note", "values": set(&[("title", "Call"), ("body", "- one\n- two"), ("target", &format!("deal {ID}"))])}),
            "note.create",
            json!({"title": "Call", "body": "- one\n- two", "target": target}),
        ),
        (
            "create",
            json!({"object": "account", "values": set(&[("name", "Acme"), ("domain", "acme.com"), ("employees", "250"), ("ideal_customer_profile", "true")])}),
            "account.create",
            json!({"name": "Acme", "domain": "acme.com", "employees": 250, "ideal_customer_profile": true}),
        ),
        (
            "log_activity",
            json!({"type": "CALL", "subject": "Price", "target": target}),
            "activity.log",
            json!({"type": "CALL", "subject": "Price", "target": target}),
        ),
        // Changing.
        (
            "update",
            json!({"object": "deal", "id": ID, "values": set(&[("stage", "CLOSED_WON")])}),
            "deal.update",
            json!({"id": ID, "stage": "CLOSED_WON"}),
        ),
        (
            "update",
            json!({"object": "deal", "id": ID, "values": set(&[("close_date", ""), ("probability", "40")])}),
            "deal.update",
            json!({"id": ID, "close_date": null, "probability": 40}),
        ),
        (
            "update",
            json!({"object": "contact", "id": ID, "values": set(&[("phones", "+49 421 1, +49 421 2")])}),
            "contact.update",
            json!({"id": ID, "phones": {"primary": "+49 421 1", "additional": ["+49 421 2"]}}),
        ),
        (
            "update",
            json!({"object": "task", "id": ID, "values": set(&[("status", "done"), ("assignee", ID)])}),
            "task.update",
            json!({"id": ID, "status": "DONE", "assignee": ID}),
        ),
        (
            "update",
            json!({"object": "account", "id": ID, "values": set(&[("social_links.website", "https://acme.com"), ("owner", "null")])}),
            "account.update",
            json!({"id": ID, "social_links": {"website": "https://acme.com"}, "owner": null}),
        ),
        // Removing.
        ("delete", json!({"object": "deal", "id": ID}), "deal.delete", json!({"id": ID})),
        ("restore", json!({"object": "deal", "id": ID}), "deal.restore", json!({"id": ID})),
    ];
    assert_eq!(tasks.len(), 40);
    for (name, arguments, operation, expected) in tasks {
        assert!(surface.tools().iter().any(|tool| tool.name == name), "{name} is shown");
        let reading = surface.read(name, arguments.clone());
        assert_eq!(reading.problem, None, "{name} {arguments}");
        assert_eq!((reading.operation.as_str(), &reading.arguments), (operation, &expected));
        if let Err(problem) = registry.check(&scope, operation, &expected) {
            panic!("{operation} {expected}: {problem:?}");
        }
    }
}
