//! Tools as an admin of a fresh workspace has them.

use std::sync::Arc;

use kontor_models::ToolDefinition;
use serde_json::{Map, Value, json};

use crate::schema::readable;

type FieldRow = (&'static str, &'static str, &'static str);

const STAGES: &str = "select:LEAD=Lead=open;QUALIFIED=Qualified=open;PROPOSAL=Proposal=open;NEGOTIATION=Negotiation=open;CLOSED_WON=Closed Won=won;CLOSED_LOST=Closed Lost=lost";

/// Name, plural and fields; a field is its name, its label and its kind.
fn objects() -> Vec<(&'static str, &'static str, Vec<FieldRow>)> {
    let target: [FieldRow; 4] = [
        ("target", "About", "target"),
        ("contact", "Contact", "relation:contact"),
        ("account", "Account", "relation:account"),
        ("deal", "Deal", "relation:deal"),
    ];
    let mut activity = vec![
        ("type", "Type", "select:EMAIL=Email;CALL=Call;MEETING=Meeting"),
        ("subject", "Subject", "text"),
        ("body", "Body", "text"),
        ("happened_at", "Happened at", "date_time"),
        ("performed_by", "Performed by", "relation:member"),
    ];
    activity.extend(target);
    let mut task = vec![
        ("title", "Title", "text"),
        ("body", "Body", "text"),
        ("status", "Status", "select:TODO=To do;IN_PROGRESS=In progress;DONE=Done"),
        ("due_at", "Due at", "date_time"),
        ("assignee", "Assignee", "relation:member"),
    ];
    task.extend(target);
    let mut note = vec![("title", "Title", "text"), ("body", "Body", "text")];
    note.extend(target);
    vec![
        ("member", "members", vec![("name", "Name", "full_name"), ("email", "Email", "text")]),
        (
            "account",
            "accounts",
            vec![
                ("name", "Name", "text"),
                ("industry", "Industry", "text"),
                ("segment", "Segment", "select:ENTERPRISE=Enterprise;MID_MARKET=Mid-market;SMB=SMB"),
                ("employees", "Employees", "number"),
                ("annual_recurring_revenue", "Annual recurring revenue", "currency"),
                ("ideal_customer_profile", "Ideal customer profile", "boolean"),
                ("address", "Address", "address"),
                ("owner", "Owner", "relation:member"),
            ],
        ),
        (
            "contact",
            "contacts",
            vec![
                ("name", "Name", "full_name"),
                ("emails", "Emails", "emails"),
                ("phones", "Phones", "emails"),
                ("job_title", "Job title", "text"),
                ("address", "Address", "address"),
                ("account", "Account", "relation:account"),
                ("customer_at", "Customer at", "date_time"),
                ("owner", "Owner", "relation:member"),
            ],
        ),
        (
            "deal",
            "deals",
            vec![
                ("name", "Name", "text"),
                ("amount", "Amount", "currency"),
                ("stage", "Stage", STAGES),
                ("close_date", "Close date", "date"),
                ("probability", "Probability", "number"),
                ("account", "Account", "relation:account"),
                ("contact", "Contact", "relation:contact"),
                ("renewal_risk", "Renewal risk", "select:LOW=Low;HIGH=High"),
                ("owner", "Owner", "relation:member"),
            ],
        ),
        ("activity", "activities", activity),
        ("task", "tasks", task),
        ("note", "notes", note),
    ]
}

pub(super) fn tools() -> Vec<ToolDefinition> {
    with_search_and_log(&objects())
}

fn with_search_and_log(all: &[(&'static str, &'static str, Vec<FieldRow>)]) -> Vec<ToolDefinition> {
    let mut tools: Vec<ToolDefinition> =
        all.iter().flat_map(|(name, plural, fields)| of(name, plural, fields)).collect();
    tools.push(tool("search", "Search all records.", json!({"query": {"type": "string"}}), &["query"]));
    let activity = &all.iter().find(|(name, ..)| *name == "activity").unwrap().2;
    let logged: Map<String, Value> = properties(activity)
        .into_iter()
        .filter(|(name, _)| ["type", "subject", "body", "happened_at", "target"].contains(&name.as_str()))
        .collect();
    tools.push(tool(
        "activity.log",
        "Log an activity.",
        Value::Object(logged),
        &["type", "subject", "target"],
    ));
    tools
}

/// The tools of a workspace with all that the demonstration has.
pub(super) fn of_sales() -> Vec<ToolDefinition> {
    const SOURCES: &str =
        "select:WEB=Web;REFERRAL=Referral;CAMPAIGN=Campaign;EVENT=Event;OUTBOUND=Outbound;PARTNER=Partner";
    let mut all = objects();
    for (object, field) in [
        ("account", ("health_score", "Health score", "number")),
        (
            "contact",
            (
                "lifecycle",
                "Lifecycle",
                "select:LEAD=Lead;MQL=Marketing qualified lead;SQL=Sales qualified lead;CUSTOMER=Customer;CHURNED=Churned",
            ),
        ),
        ("contact", ("source", "Source", SOURCES)),
        ("contact", ("lead_score", "Lead score", "number")),
        (
            "deal",
            (
                "forecast_category",
                "Forecast category",
                "select:PIPELINE=Pipeline;BEST_CASE=Best case;COMMIT=Commit;CLOSED=Closed;OMITTED=Omitted",
            ),
        ),
        ("task", ("owner", "Owner", "relation:member")),
        ("activity", ("owner", "Owner", "relation:member")),
        ("note", ("owner", "Owner", "relation:member")),
    ] {
        let known = all.iter_mut().find(|(name, ..)| *name == object).unwrap();
        let at = known.2.len().saturating_sub(1);
        known.2.insert(at, field);
    }
    all.push((
        "lead",
        "leads",
        vec![
            ("name", "Name", "full_name"),
            ("company", "Company", "text"),
            ("emails", "Emails", "emails"),
            ("phones", "Phones", "emails"),
            ("job_title", "Job title", "text"),
            ("status", "Status", "select:NEW=New;CONTACTED=Contacted;QUALIFIED=Qualified;UNQUALIFIED=Unqualified;CONVERTED=Converted"),
            ("source", "Source", SOURCES),
            ("score", "Score", "number"),
            ("owner", "Owner", "relation:member"),
        ],
    ));
    with_search_and_log(&all)
}

/// The tools of the account alone, with a second address that somebody added.
pub(super) fn with_two_addresses() -> Vec<ToolDefinition> {
    let mut all = objects();
    let account = all.iter_mut().find(|(name, ..)| *name == "account").unwrap();
    account.2.push(("billing_address", "Billing address", "address"));
    of(account.0, account.1, &account.2)
}

/// What a role that may only read is given.
pub(super) fn read_only() -> Vec<ToolDefinition> {
    let reads = [".find", ".get", ".group", ".timeline"];
    tools()
        .into_iter()
        .filter(|tool| tool.name == "search" || reads.iter().any(|verb| tool.name.ends_with(verb)))
        .collect()
}

fn of(name: &str, plural: &str, fields: &[FieldRow]) -> Vec<ToolDefinition> {
    let label = fields
        .iter()
        .map(|field| field.0)
        .find(|field| ["name", "title", "subject"].contains(field))
        .unwrap();
    let mut filter = Map::new();
    for path in ["and", "or", "not"] {
        filter.insert(path.to_owned(), json!({}));
    }
    for (field, title, kind) in fields {
        let mut condition = |path: String, reference: &str, beside: Value| {
            let mut schema = json!({"$ref": format!("#/$defs/{reference}")});
            for (key, value) in beside.as_object().unwrap() {
                schema[key] = value.clone();
            }
            filter.insert(path, schema);
        };
        // A title stands only where it says more than the name.
        let titled = if readable(field) == *title { json!({}) } else { json!({"title": title}) };
        let name = (*field).to_owned();
        match kind.split_once(':').map_or(*kind, |(kind, _)| kind) {
            "text" | "emails" => condition(name, "text", titled),
            "full_name" => {
                condition(name, "text", titled);
                condition(format!("{field}.first"), "exact", json!({}));
                condition(format!("{field}.last"), "exact", json!({}));
            }
            "currency" => {
                condition(name, "number", titled);
                condition(format!("{field}.currency"), "exact", json!({}));
            }
            "address" => {
                condition(name, "text", titled);
                condition(format!("{field}.street"), "exact", json!({}));
                condition(format!("{field}.country"), "exact", json!({}));
            }
            "target" => {
                condition(name, "id", titled);
                condition(format!("{field}.object"), "exact", json!({}));
            }
            "select" => condition(name, "option", json!({"description": options(kind).1})),
            "relation" => {
                let related = kind.strip_prefix("relation:").unwrap();
                let described = json!({"description": format!("Id of one {related} record.")});
                condition(name, "id", if related == *field { titled } else { described });
                let their_label = if related == "activity" { "subject" } else { "name" };
                condition(format!("{field}.{their_label}"), "text", json!({}));
            }
            plain => condition(name, plain, titled),
        }
    }
    filter.insert("id".to_owned(), json!({"$ref": "#/$defs/id"}));
    for field in ["created_at", "updated_at"] {
        filter.insert(field.to_owned(), json!({"$ref": "#/$defs/date_time"}));
    }
    let names: Vec<&str> = fields.iter().map(|field| field.0).chain(["created_at", "updated_at"]).collect();
    let mut find = json!({
        "filter": {"type": "object", "properties": filter},
        "sort": {"type": "string"},
        "limit": {"type": "integer"}, "after": {"type": "string"}, "search": {"type": "string"},
        "fields": {"type": "array", "items": {"enum": names}},
    });
    if name != "member" {
        find["deleted"] = json!({"type": "boolean"});
    }
    let mut found = vec![
        tool(&format!("{name}.find"), &format!("Find {plural}. Answers up to 60 at a time."), find, &[]),
        tool(&format!("{name}.get"), "Get one.", json!({"id": {}}), &["id"]),
        tool(
            &format!("{name}.group"),
            "Count.",
            json!({"by": {}, "aggregates": {}, "filter": {"type": "object"}}),
            &[],
        ),
        tool(&format!("{name}.timeline"), "Show what happened.", json!({"id": {}}), &["id"]),
    ];
    if name != "member" {
        let mut with_id = properties(fields);
        with_id.insert("id".to_owned(), json!({"type": "string", "format": "uuid"}));
        found.extend([
            tool(&format!("{name}.create"), "Create one.", Value::Object(properties(fields)), &[label]),
            tool(&format!("{name}.update"), "Update one.", Value::Object(with_id), &["id"]),
            tool(&format!("{name}.delete"), "Delete one.", json!({"id": {}}), &["id"]),
            tool(&format!("{name}.restore"), "Restore one.", json!({"id": {}}), &["id"]),
        ]);
    }
    found
}

fn properties(fields: &[FieldRow]) -> Map<String, Value> {
    let property = |name: &str, title: &str, kind: &str| {
        let mut schema = match kind {
            "number" => json!({"type": ["integer", "null"]}),
            "boolean" => json!({"type": ["boolean", "null"]}),
            "date" => json!({"type": ["string", "null"], "format": "date"}),
            "text" | "date_time" => json!({"type": ["string", "null"]}),
            "currency" => json!({"type": ["object", "null"], "properties": {"amount": {}, "currency": {}}}),
            "full_name" => json!({"type": "object", "properties": {"first": {}, "last": {}}}),
            "emails" => json!({"type": ["object", "null"], "properties": {"primary": {}, "additional": {}}}),
            "address" => {
                json!({"type": ["object", "null"], "properties": {"city": {}, "country": {}, "postal_code": {}, "state": {}, "street": {}}})
            }
            "target" => {
                json!({"type": ["object", "null"], "properties": {"object": {"enum": ["contact", "account", "deal"]}, "id": {}}})
            }
            kind if kind.starts_with("select") => {
                let (values, described) = options(kind);
                json!({"type": ["string", "null"], "enum": values, "description": described})
            }
            kind => {
                let object = kind.strip_prefix("relation:").unwrap();
                json!({"type": ["string", "null"], "format": "uuid", "description": format!("The one who looks after the record. Id of one {object} record.")})
            }
        };
        if title != readable(name) {
            schema["title"] = json!(title);
        }
        schema
    };
    fields.iter().map(|(name, title, kind)| ((*name).to_owned(), property(name, title, kind))).collect()
}

fn options(kind: &str) -> (Vec<&str>, String) {
    let rows: Vec<Vec<&str>> =
        kind.strip_prefix("select:").unwrap().split(';').map(|row| row.split('=').collect()).collect();
    let values: Vec<&str> = rows.iter().map(|row| row[0]).collect();
    // Labels are told only where they say more than the values.
    if rows.iter().all(|row| row.len() == 2 && row[1] == readable(row[0])) {
        return (values.clone(), format!("Where it stands. One of: {}.", values.join(", ")));
    }
    let described: Vec<String> = rows
        .iter()
        .map(|row| {
            let outcome = row.get(2).map_or(String::new(), |outcome| format!(", {outcome}"));
            format!("{} ({}{outcome})", row[0], row[1])
        })
        .collect();
    (values, format!("Where it stands. One of: {}.", described.join("; ")))
}

fn tool(name: &str, description: &str, properties: Value, required: &[&str]) -> ToolDefinition {
    ToolDefinition {
        name: name.to_owned(),
        description: description.to_owned(),
        parameters: Arc::new(
            json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false}),
        ),
    }
}
