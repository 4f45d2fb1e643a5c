//! What an admin of a fresh workspace can see and do.

use std::sync::Arc;

use kontor_core::{
    environment::Environment,
    grants::Grants,
    metadata::{Field, FieldKind, Name, Object, Outcome, Schema, SelectOption, TextFormat, system_fields},
    operation::Effect,
};
use kontor_models::{Definitions, OfferedOperation};

/// Name, label and kind.
type FieldRow = (&'static str, &'static str, &'static str);
type ObjectRow = (&'static str, &'static str, Vec<FieldRow>);

const STAGES: &str = "select:LEAD=Lead=open;QUALIFIED=Qualified=open;PROPOSAL=Proposal=open;NEGOTIATION=Negotiation=open;CLOSED_WON=Closed Won=won;CLOSED_LOST=Closed Lost=lost";

/// Name, plural and fields.
fn rows() -> Vec<ObjectRow> {
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
                ("phones", "Phones", "phones"),
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

pub(super) fn definitions() -> Arc<Definitions> {
    with(|_| {})
}

/// The same with something changed in the objects.
pub(super) fn with(change: impl FnOnce(&mut Vec<Object>)) -> Arc<Definitions> {
    let mut objects = rows().iter().map(object).collect();
    change(&mut objects);
    admins(objects)
}

/// The same with one more field, of which an object may need one.
pub(super) fn with_field(of: &str, row: FieldRow, is_required: bool) -> Arc<Definitions> {
    with(|objects| {
        let object = objects.iter_mut().find(|object| object.name == *of).unwrap();
        object.fields.push(Field { is_required, is_custom: true, ..field(&row) });
    })
}

/// Those of a workspace with all that the demonstration has.
pub(super) fn of_sales() -> Arc<Definitions> {
    const SOURCES: &str =
        "select:WEB=Web;REFERRAL=Referral;CAMPAIGN=Campaign;EVENT=Event;OUTBOUND=Outbound;PARTNER=Partner";
    let mut all = rows();
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
            ("phones", "Phones", "phones"),
            ("job_title", "Job title", "text"),
            ("status", "Status", "select:NEW=New;CONTACTED=Contacted;QUALIFIED=Qualified;UNQUALIFIED=Unqualified;CONVERTED=Converted"),
            ("source", "Source", SOURCES),
            ("score", "Score", "number"),
            ("owner", "Owner", "relation:member"),
        ],
    ));
    admins(all.iter().map(object).collect())
}

/// The account alone, with a second address that somebody added.
pub(super) fn with_two_addresses() -> Arc<Definitions> {
    let mut account = rows().into_iter().find(|(name, ..)| *name == "account").unwrap();
    account.2.push(("billing_address", "Billing address", "address"));
    admins(vec![object(&account)])
}

/// What a role that may only read is offered.
pub(super) fn read_only() -> Arc<Definitions> {
    offering(&definitions(), |operation| operation.effect == Effect::Read)
}

/// The same objects with no operation on them.
pub(super) fn nothing() -> Arc<Definitions> {
    offering(&definitions(), |_| false)
}

fn offering(known: &Definitions, is_offered: impl Fn(&OfferedOperation) -> bool) -> Arc<Definitions> {
    let operations = known.operations.iter().filter(|operation| is_offered(operation)).cloned().collect();
    Arc::new(Definitions { schema: known.schema.clone(), grants: known.grants.clone(), operations })
}

fn admins(objects: Vec<Object>) -> Arc<Definitions> {
    let mut operations = Vec::new();
    let mut offer = |name: String, effect: Effect| operations.push(OfferedOperation { name, effect });
    for object in &objects {
        for verb in ["find", "get", "group", "timeline"] {
            offer(format!("{}.{verb}", object.name), Effect::Read);
        }
        if !object.is_read_only {
            for verb in ["create", "update", "restore"] {
                offer(format!("{}.{verb}", object.name), Effect::Write);
            }
            offer(format!("{}.delete", object.name), Effect::Destructive);
        }
    }
    offer("search".to_owned(), Effect::Read);
    if objects.iter().any(|object| object.name == *"activity") {
        offer("activity.log".to_owned(), Effect::Write);
    }
    let schema = Arc::new(Schema::new(1, objects));
    Arc::new(Definitions { schema, grants: Arc::new(Grants::everything()), operations })
}

fn object((name, plural, rows): &ObjectRow) -> Object {
    let mut fields: Vec<Field> = rows.iter().map(field).collect();
    let label = fields.iter_mut().find(|field| ["name", "title", "subject"].contains(&field.name.as_str()));
    let label = label.unwrap();
    (label.is_required, label.is_searchable) = (true, true);
    let label_field = label.name.clone();
    for field in fields.iter_mut().filter(|field| *name == "activity" && field.name == *"type") {
        field.is_required = true;
    }
    for row in [
        (system_fields::ID, "Id", "id"),
        (system_fields::CREATED_AT, "Created at", "date_time"),
        (system_fields::UPDATED_AT, "Updated at", "date_time"),
    ] {
        fields.push(Field { is_system: true, ..field(&row) });
    }
    let environment = Environment::system();
    Object {
        id: environment.new_id(),
        name: Name::literal(name),
        plural: Name::literal(plural),
        label: crate::query::capital(name),
        label_plural: crate::query::capital(plural),
        description: String::new(),
        icon: String::new(),
        label_field,
        is_custom: false,
        is_read_only: *name == "member",
        pipeline: None,
        fields,
    }
}

fn field((name, label, kind): &FieldRow) -> Field {
    let kind = match *kind {
        "id" => FieldKind::Id,
        "text" => {
            FieldKind::Text { format: if *name == "body" { TextFormat::Markdown } else { TextFormat::Line } }
        }
        "number" => FieldKind::Number { decimals: 0, min: None, max: None },
        "boolean" => FieldKind::Boolean,
        "date" => FieldKind::Date,
        "date_time" => FieldKind::DateTime,
        "currency" => FieldKind::Currency,
        "full_name" => FieldKind::FullName,
        "emails" => FieldKind::Emails,
        "phones" => FieldKind::Phones,
        "address" => FieldKind::Address,
        "target" => FieldKind::Target { objects: ["contact", "account", "deal"].map(Name::literal).into() },
        other => match other.split_once(':').unwrap() {
            ("relation", object) => FieldKind::Relation { object: Name::literal(object) },
            ("select", options) => FieldKind::Select { options: options.split(';').map(option).collect() },
            _ => panic!("{other} is no kind"),
        },
    };
    let environment = Environment::system();
    Field::new(environment.new_id(), Name::literal(name), *label, kind)
}

/// `CLOSED_WON=Closed Won=won`.
fn option(row: &str) -> SelectOption {
    let parts: Vec<&str> = row.split('=').collect();
    SelectOption {
        value: parts[0].to_owned(),
        label: parts[1].to_owned(),
        color: String::new(),
        outcome: parts.get(2).map(|outcome| match *outcome {
            "open" => Outcome::Open,
            "won" => Outcome::Won,
            _ => Outcome::Lost,
        }),
        probability: None,
    }
}
