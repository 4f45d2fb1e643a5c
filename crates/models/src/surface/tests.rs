use std::sync::Arc;

use kontor_core::{
    environment::Environment,
    grants::{Action, FieldSet, Grants, ObjectGrant},
    metadata::{Field, FieldKind, Name, Object, Outcome, Schema, SelectOption, TextFormat},
    operation::{Definition, Effect},
};
use serde_json::{Value as Json, json};

use super::{Surface, portable};

fn field(name: &'static str, kind: FieldKind) -> Field {
    Field::new(Environment::system().new_id(), Name::literal(name), name, kind)
}

fn option(value: &str, label: &str, outcome: Option<Outcome>) -> SelectOption {
    SelectOption {
        value: value.to_owned(),
        label: label.to_owned(),
        color: String::new(),
        outcome,
        probability: None,
    }
}

fn object(name: &'static str, plural: &'static str, fields: Vec<Field>) -> Object {
    let label_field = fields[0].name.clone();
    serde_json::from_value(json!({
        "id": Environment::system().new_id::<kontor_core::ids::ObjectId>(),
        "name": name,
        "plural": plural,
        "icon": "box",
        "is_custom": false,
        "is_read_only": false,
        "label": name,
        "label_plural": plural,
        "label_field": label_field,
        "fields": fields,
    }))
    .unwrap()
}

fn schema() -> Schema {
    let line = || FieldKind::Text { format: TextFormat::Line };
    let stages = vec![
        option("NEW", "New", Some(Outcome::Open)),
        option("CLOSED_WON", "Closed won", Some(Outcome::Won)),
    ];
    let deal = object(
        "deal",
        "deals",
        vec![
            field("name", line()),
            field("stage", FieldKind::Select { options: stages }),
            field("amount", FieldKind::Currency),
            field("probability", FieldKind::Number { decimals: 0, min: Some(0), max: Some(100) }),
            field("is_hot", FieldKind::Boolean),
            field("close_date", FieldKind::Date),
            field("account", FieldKind::Relation { object: Name::literal("account") }),
            field("note", FieldKind::Text { format: TextFormat::Markdown }),
        ],
    );
    let account =
        object("account", "accounts", vec![field("name", line()), field("is_key", FieldKind::Boolean)]);
    let contact = object(
        "contact",
        "contacts",
        vec![
            field("name", FieldKind::FullName),
            field("emails", FieldKind::Emails),
            field("address", FieldKind::Address),
            field("about", FieldKind::Target { objects: vec![Name::literal("deal")] }),
        ],
    );
    Schema::new(1, vec![deal, account, contact])
}

fn definition(name: &str, effect: Effect) -> Definition {
    Definition {
        name: name.to_owned(),
        description: "What the operation is for, told at some length. ".repeat(8),
        parameters: Arc::new(json!({"type": "object", "properties": {"id": {"type": "string"}}})),
        effect,
    }
}

fn definitions() -> Vec<Definition> {
    let mut all = vec![definition("search", Effect::Read), definition("activity.log", Effect::Write)];
    for object in ["deal", "account", "contact"] {
        for (verb, effect) in [
            ("find", Effect::Read),
            ("get", Effect::Read),
            ("group", Effect::Read),
            ("create", Effect::Write),
            ("update", Effect::Write),
            ("delete", Effect::Destructive),
        ] {
            all.push(definition(&format!("{object}.{verb}"), effect));
        }
    }
    all
}

fn surface() -> Surface {
    Surface::new(&definitions(), &Arc::new(schema()), &Arc::new(Grants::everything()), 0)
}

/// The operation and the arguments that a call means, without a problem.
fn read(name: &str, arguments: Json) -> (String, Json) {
    let reading = surface().read(name, arguments);
    assert_eq!(reading.problem, None);
    (reading.operation, reading.arguments)
}

#[test]
fn a_verb_with_its_object_is_an_operation() {
    let conditions = json!([
        {"field": "stage", "operator": "in", "value": "new, closed won"},
        {"field": "amount", "operator": "gte", "value": "50000"},
        {"field": "is_hot", "operator": "eq", "value": "true"},
        {"field": "account.is_key", "operator": "eq", "value": "false"},
        {"field": "close_date", "operator": "is_empty", "value": "false"},
    ]);
    let filter = json!({"and": [
        {"stage": {"in": ["NEW", "CLOSED_WON"]}},
        {"amount": {"gte": "50000"}},
        {"is_hot": {"eq": true}},
        {"account.is_key": {"eq": false}},
        {"close_date": {"is_empty": false}},
    ]});
    let arguments =
        json!({"object": "deal", "where": conditions, "limit": "5", "sort": ["-amount"], "after": ""});
    let (operation, read_arguments) = read("find", arguments);
    assert_eq!(operation, "deal.find");
    assert_eq!(read_arguments, json!({"filter": filter, "limit": 5, "sort": "-amount"}));

    let one = json!([{"field": "stage", "operator": "=", "value": "NEW"}]);
    let (_, any) = read("find", json!({"object": "Deals", "where": one, "any": true}));
    assert_eq!(any, json!({"filter": {"stage": {"eq": "NEW"}}}));
    assert_eq!(read("get", json!({"object": "deal", "id": "1"})).0, "deal.get");
}

#[test]
fn an_amount_may_be_compared_with_its_currency() {
    let over = |value: &str| {
        let one = json!([{"field": "amount", "operator": ">=", "value": value}]);
        read("find", json!({"object": "deal", "where": one})).1
    };
    assert_eq!(
        over("12,500 EUR"),
        json!({"filter": {"and": [{"amount": {"gte": 12500}}, {"amount.currency": {"eq": "EUR"}}]}})
    );
    assert_eq!(over("12500"), json!({"filter": {"amount": {"gte": "12500"}}}));
    assert_eq!(over("much"), json!({"filter": {"amount": {"gte": "much"}}}), "refused where it is read");
}

#[test]
fn one_of_several_conditions_may_suffice() {
    let conditions = json!([
        {"field": "stage", "operator": "eq", "value": "NEW"},
        {"field": "amount", "operator": "lt", "value": "10"},
    ]);
    let (_, arguments) =
        read("group", json!({"object": "deal", "by": "stage, account", "where": conditions, "any": true}));
    assert_eq!(arguments["filter"], json!({"or": [{"stage": {"eq": "NEW"}}, {"amount": {"lt": "10"}}]}));
    assert_eq!(arguments["by"], json!(["stage", "account"]));
}

#[test]
fn the_filter_language_itself_is_taken_wherever_it_is_written() {
    let filter = json!({"or": [{"stage": {"eq": "NEW"}}, {"not": {"amount": {"gt": 5}}}]});
    for arguments in [
        json!({"object": "deal", "filter": filter}),
        json!({"object": "deal", "where": filter}),
        json!({"object": "deal", "where": filter.to_string()}),
        json!({"object": "deal", "where": [filter]}),
    ] {
        assert_eq!(read("find", arguments).1, json!({"filter": filter}));
    }
    let both = json!({"object": "deal", "filter": {"a": {"eq": 1}}, "where": {"b": {"eq": 2}}});
    assert_eq!(read("find", both).1["filter"], json!({"and": [{"b": {"eq": 2}}, {"a": {"eq": 1}}]}));
}

#[test]
fn values_are_read_by_the_kinds_of_their_fields() {
    let values = json!([
        {"field": "name", "value": "Acme renewal"},
        {"field": "stage", "value": "closed won"},
        {"field": "amount", "value": "12,500 EUR"},
        {"field": "probability", "value": "40%"},
        {"field": "is_hot", "value": "yes"},
        {"field": "note", "value": "12"},
        {"field": "close_date", "value": ""},
    ]);
    let (operation, arguments) = read("create", json!({"object": "deal", "values": values}));
    assert_eq!(operation, "deal.create");
    assert_eq!(
        arguments,
        json!({
            "name": "Acme renewal",
            "stage": "CLOSED_WON",
            "amount": {"amount": 12500, "currency": "EUR"},
            "probability": 40,
            "is_hot": true,
            "note": "12",
            "close_date": null,
        })
    );
    let values = json!([
        {"field": "name", "value": "Mia Hartmann"},
        {"field": "emails", "value": "mia@example.com, m@example.org"},
        {"field": "address.city", "value": "Bremen"},
        {"field": "address.country", "value": "Germany"},
        {"field": "about", "value": "deal 1"},
    ]);
    let (operation, arguments) = read("update", json!({"object": "contact", "id": "7", "values": values}));
    assert_eq!(operation, "contact.update");
    assert_eq!(
        arguments,
        json!({
            "id": "7",
            "name": {"first": "Mia", "last": "Hartmann"},
            "emails": {"primary": "mia@example.com", "additional": ["m@example.org"]},
            "address": {"city": "Bremen", "country": "Germany"},
            "about": {"object": "deal", "id": "1"},
        })
    );
}

#[test]
fn values_may_be_an_object_or_stand_beside_it() {
    let expected = json!({"name": "Acme", "amount": {"amount": 5, "currency": "USD"}});
    for arguments in [
        json!({"object": "deal", "values": {"name": "Acme", "amount": {"amount": 5, "currency": "USD"}}}),
        json!({"object": "deal", "values": "{\"name\": \"Acme\", \"amount\": \"5 USD\"}"}),
        json!({"object": "deal", "name": "Acme", "amount": "5 USD"}),
        json!({"object": "deal", "values": [{"name": "Acme"}, {"field": "amount", "value": "5 USD"}]}),
        json!({"object": "deal", "values": {"name": "Acme", "amount.amount": "5", "amount.currency": "USD"}}),
    ] {
        assert_eq!(read("create", arguments).1, expected);
    }
}

#[test]
fn an_operation_may_be_called_by_its_own_name_in_any_writing() {
    for name in
        ["deal.create", "deal_create", "DEAL_CREATE", " functions.deal_create ", "deal-create<|im_end|>"]
    {
        assert_eq!(
            read(name, json!({"name": "a"})),
            ("deal.create".to_owned(), json!({"name": "a"})),
            "{name}"
        );
    }
    assert_eq!(read("log_activity", json!({})).0, "activity.log");
    assert_eq!(read("Find", json!({"object": "deal"})).0, "deal.find");
    let where_ = json!({"where": [{"field": "stage", "operator": "eq", "value": "NEW"}]});
    assert_eq!(read("deal_find", where_).1, json!({"filter": {"stage": {"eq": "NEW"}}}));
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_what_there_is() {
    let problem = |name: &str, arguments: Json| {
        let problem = surface().read(name, arguments).problem.unwrap();
        problem.issues.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(
        problem("find", json!({"object": "dael"})),
        ["object: there is no object \"dael\". Did you mean deal? There are: deal, account, contact."]
    );
    assert_eq!(
        problem("get", json!({"id": "1"})),
        ["object: object is required: one of deal, account, contact"]
    );
    assert_eq!(
        problem(
            "create",
            json!({"object": "deal", "values": [
                {"field": "amount", "value": "much"}, {"field": "probability", "value": "12.500"},
            ]})
        ),
        [
            "amount: “much” is not an amount such as 1250.50, 10k or 12,500 EUR",
            "probability: “12.500” can mean 12,500 or 12.5; please write which",
        ]
    );
    assert_eq!(
        problem(
            "update",
            json!({"object": "contact", "id": "1", "values": {"address": "Bremen", "about": "1"}})
        ),
        [
            "address: expected its parts by themselves, such as address.city",
            "about: expected an object and the id of its record: \"<object> <id>\"",
        ]
    );
    assert_eq!(
        problem("find", json!({"object": "deal", "where": ["stage"]})),
        ["where[0]: expected a condition: {\"field\": …, \"operator\": …, \"value\": …}"]
    );
}

#[test]
fn what_is_not_understood_is_refused_and_never_dropped() {
    let issues = |name: &str, arguments: &Json| {
        let problem = surface().read(name, arguments.clone()).problem;
        let problem = problem.unwrap_or_else(|| panic!("{name} took {arguments}"));
        problem.issues.iter().map(|issue| format!("{} {}", issue.code, issue.path)).collect::<Vec<_>>()
    };
    let update = |values: Json| json!({"object": "deal", "id": "1", "values": values});
    for (values, expected) in [
        (json!([{"field": "amount", "new_value": "5 EUR"}]), "wrong_type values[0]"),
        (json!([{"field": "note"}]), "wrong_type values[0]"),
        (json!([{"field": "note", "value": "a", "old": "b"}]), "wrong_type values[0]"),
        (json!(["name"]), "wrong_type values[0]"),
        (
            json!([{"field": "amount.currency", "value": "EUR"}, {"field": "amount", "value": "5 USD"}]),
            "given_twice amount",
        ),
        (
            json!([{"field": "amount", "value": "5 USD"}, {"field": "amount.currency", "value": "EUR"}]),
            "given_twice amount.currency",
        ),
        (json!([{"field": "name", "value": "a"}, {"field": "name", "value": "b"}]), "given_twice name"),
        (json!([{"field": "id", "value": "2"}]), "read_only values.id"),
    ] {
        assert_eq!(issues("update", &update(values)), [expected]);
    }
    let find = |where_: Json| json!({"object": "deal", "where": where_});
    for (where_, expected) in [
        (
            json!([{"field": "amount", "comparison": "gte", "value": "5"}]),
            "unknown_field where[0].comparison",
        ),
        (json!([{"field": "amount", "value": "5"}]), "wrong_type where[0]"),
        (json!([{"field": "amount", "operator": ["lt"], "value": "5"}]), "wrong_type where[0]"),
        (json!([{"field": "amount", "operator": "lt"}]), "wrong_type where[0]"),
    ] {
        assert_eq!(issues("find", &find(where_)), [expected]);
    }
    let both = json!({"object": "deal", "any": true, "where": [], "filter": {"stage": {"eq": "NEW"}}});
    assert_eq!(issues("find", &both), ["wrong_type filter"]);
    assert_eq!(issues("find", &json!({"object": "deal", "any": "or"})), ["wrong_type any"]);
    // What only the operation can refuse reaches it as it was written.
    let odd = json!([{"field": "amount", "direction": "sideways"}]);
    assert_eq!(read("find", json!({"object": "deal", "sort": odd})).1["sort"], odd);
    assert_eq!(read("update", update(json!({"nmae": "a"}))).1["nmae"], "a");
}

#[test]
fn an_order_and_any_are_read_in_the_forms_that_models_write() {
    let sort = json!([{"field": "amount", "direction": "DESC"}, "name"]);
    assert_eq!(read("find", json!({"object": "deal", "sort": sort})).1["sort"], "-amount,name");
    let filter = json!({"stage": {"eq": "NEW"}, "amount": {"gt": 5}});
    let (_, arguments) = read("find", json!({"object": "deal", "where": filter, "any": "true"}));
    assert_eq!(arguments["filter"], json!({"or": [{"stage": {"eq": "NEW"}}, {"amount": {"gt": 5}}]}));
    let text = json!([{"field": "name", "operator": "contains", "value": "[1]"}]);
    let (_, arguments) = read("deal_find", json!({"object": "deal", "where": text, "limit": "5"}));
    assert_eq!(arguments, json!({"filter": {"name": {"contains": "[1]"}}, "limit": 5}));
    let list = json!([{"field": "name", "operator": "in", "value": "[\"Acme, Inc.\"]"}]);
    assert_eq!(
        read("find", json!({"object": "deal", "where": list})).1["filter"]["name"]["in"],
        json!(["Acme, Inc."])
    );
}

#[test]
fn a_field_that_is_hidden_is_as_one_that_there_is_not() {
    let hidden = FieldSet::Except([Name::literal("amount")].into());
    let grant = ObjectGrant::everything().reading(hidden.clone()).updating(hidden);
    let grants = Grants::everything().with_object(Name::literal("deal"), grant);
    let surface = Surface::new(&definitions(), &Arc::new(schema()), &Arc::new(grants), 0);
    for name in ["amount", "nothing"] {
        let reading = surface.read("create", json!({"object": "deal", "values": {name: "much"}}));
        assert_eq!(
            (reading.problem, &reading.arguments[name]),
            (None, &json!("much")),
            "left to the operation"
        );
    }
}

#[test]
fn verbs_and_objects_are_those_that_are_offered() {
    let schema = Arc::new(schema());
    let grants = Arc::new(Grants::on_every_object([Action::Read]));
    let offered = [definition("deal.find", Effect::Read), definition("account.get", Effect::Read)];
    let surface = Surface::new(&offered, &schema, &grants, 0);
    let names: Vec<_> = surface.tools().iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!(names, ["find", "get", "describe", "read_more"]);
    assert_eq!(surface.tools()[0].parameters["properties"]["object"]["enum"], json!(["deal"]));
    assert_eq!(surface.effect("deal.delete"), None);
    let told: Vec<_> = surface.outline().iter().map(|object| object.name.as_str()).collect();
    assert_eq!(told, ["deal", "account"]);
    assert!(surface.describe(&json!({"object": "contact"})).is_err());
}

#[test]
fn few_operations_are_shown_themselves() {
    let schema = Arc::new(schema());
    let grants = Arc::new(Grants::everything());
    let offered = [definition("deal.create", Effect::Write)];
    let surface = Surface::new(&offered, &schema, &grants, super::USUAL_BUDGET);
    let names: Vec<_> = surface.tools().iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!(names, ["deal.create", "read_more"]);
}

#[test]
fn the_outline_tells_as_much_as_there_is_room_for() {
    let outline = |budget| {
        let surface =
            Surface::new(&definitions(), &Arc::new(schema()), &Arc::new(Grants::everything()), budget);
        surface.outline()[0].fields.clone()
    };
    assert_eq!(
        outline(100_000),
        "name, stage, amount, probability, is_hot, close_date, account, note",
        "the tools tell the rest"
    );
    let tools = surface().size();
    assert_eq!(
        outline(tools + 150),
        "name, stage NEW|CLOSED_WON (won), amount money, probability 0-100, is_hot true|false, close_date date, account →, note text"
    );
    assert_eq!(outline(0), "…");
}

#[test]
fn an_object_and_an_operation_are_described_in_full() {
    let surface = surface();
    let told = surface.describe(&json!({"object": "Deals"})).unwrap();
    assert_eq!(told["fields"][1]["holds"], "NEW (New) | CLOSED_WON (Closed won)");
    assert_eq!(told["verbs"], json!(["create", "delete", "find", "get", "group", "update"]));
    let told = surface.describe(&json!({"operation": "deal_update"})).unwrap();
    assert_eq!(told["name"], "deal.update");
    let problem = surface.describe(&json!({"operation": "deal.updat"})).unwrap_err();
    assert!(problem.issues[0].message.contains("Did you mean deal.update?"), "{problem:?}");
}

#[test]
fn a_schema_is_brought_into_the_portable_dialect() {
    let parameters = json!({
        "type": "object",
        "properties": {
            "filter": {"type": "object", "properties": {"and": {"type": "array", "items": {"$ref": "#/properties/filter"}}}},
            "close_date": {"title": "Close date", "type": ["string", "null"], "format": "date", "description": "When."},
            "stage": {"type": ["string", "null"], "enum": ["NEW", null]},
            "amount": {"$ref": "#/$defs/money"},
            "account.name": {"type": "string"},
            "extra": {"type": "object"},
            "choice": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
            "names": {"type": "array", "items": {"enum": ["a", "b"]}, "maxItems": 3},
        },
        "required": ["stage", "account.name"],
        "additionalProperties": false,
        "$defs": {"money": {
            "type": "object",
            "properties": {"amount": {"type": "number", "minimum": 0}},
            "required": ["amount"],
            "additionalProperties": false,
        }},
    });
    let definition =
        Definition { parameters: Arc::new(parameters), ..definition("deal.create", Effect::Write) };
    let shown = portable::tool(&definition).parameters;
    assert_eq!(
        shown["properties"]["close_date"],
        json!({"type": "string", "description": "Close date: When."})
    );
    assert_eq!(shown["properties"]["stage"], json!({"type": "string", "enum": ["NEW"]}));
    assert_eq!(
        shown["properties"]["amount"],
        json!({"type": "object", "properties": {"amount": {"type": "number"}}, "required": ["amount"]})
    );
    assert_eq!(shown["properties"]["extra"], json!({"type": "string", "description": "As JSON."}));
    assert_eq!(shown["properties"]["choice"], json!({"type": "integer"}));
    assert_eq!(
        shown["properties"]["names"],
        json!({"type": "array", "items": {"type": "string", "enum": ["a", "b"]}})
    );
    assert_eq!(shown["properties"]["where"]["type"], "array");
    assert!(shown["properties"].get("account.name").is_none() && shown["properties"].get("filter").is_none());
    assert_eq!(shown["required"], json!(["stage"]));
}
