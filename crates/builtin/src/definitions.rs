//! A catalogue from the definitions of a workspace, as far as the caller's grants and the offered operations reach.

use std::sync::Arc;

use kontor_core::{
    filter::{FieldPath, PartType, filterable_paths},
    grants::Action,
    metadata::{Field as FieldDefinition, Object as ObjectDefinition},
    text::fold,
};
use kontor_models::Definitions;

use super::{
    catalogue::{Catalogue, Field, Filter, LogOperation, Object},
    kind::{Kind, choices},
    words::parts,
};

impl Catalogue {
    pub(super) fn new(definitions: &Definitions) -> Self {
        let mut known: Vec<(&Arc<ObjectDefinition>, Vec<String>)> = Vec::new();
        for operation in &definitions.operations {
            let Some((name, verb)) = operation.name.split_once('.') else { continue };
            let Some(object) = definitions.grants.readable_object(&definitions.schema, name) else {
                continue;
            };
            match known.iter_mut().find(|(known, _)| known.name == object.name) {
                Some((_, verbs)) => verbs.push(verb.to_owned()),
                None => known.push((object, vec![verb.to_owned()])),
            }
        }
        // An activity that can only be logged is no record to speak of.
        known.retain(|(_, verbs)| verbs.iter().any(|verb| verb != "log"));
        let operations =
            definitions.operations.iter().map(|operation| (operation.name.clone(), operation.effect));
        let operations: std::collections::HashMap<_, _> = operations.collect();
        Self {
            objects: known
                .into_iter()
                .map(|(object, verbs)| View { definitions, object }.object(verbs))
                .collect(),
            log: operations.get("activity.log").and_then(|_| log(definitions)),
            operations,
        }
    }
}

/// An object as the caller sees it.
#[derive(Clone, Copy)]
struct View<'d> {
    definitions: &'d Definitions,
    object: &'d ObjectDefinition,
}

impl View<'_> {
    fn object(self, verbs: Vec<String>) -> Object {
        let (Definitions { schema, grants, .. }, object) = (self.definitions, self.object);
        let writes = verbs.iter().any(|verb| verb == "create" || verb == "update");
        let writable: Vec<&str> =
            grants.writable_fields(schema, object).map(|field| field.name.as_str()).collect();
        let mut shown: Vec<&FieldDefinition> = grants.shown_fields(object).collect();
        shown.sort_by_key(|field| !writable.contains(&field.name.as_str()));
        let fields = shown.iter().filter_map(|field| {
            let is_writable = writes && writable.contains(&field.name.as_str());
            self.field(field, is_writable)
        });
        let fields = fields.collect();
        let paths = filterable_paths(object, &**grants).into_iter();
        let filters = paths.filter(|(_, path)| shown.iter().any(|field| field.name == path.field));
        let plural = fold(&object.label_plural);
        Object {
            name: object.name.to_string(),
            singular: parts(&object.name).join(" "),
            names: vec![parts(&object.name), parts(&plural)],
            plural,
            synonyms: synonyms(&object.name).iter().map(|words| spoken(words)).collect(),
            required: if verbs.iter().any(|verb| verb == "create") { required(object) } else { Vec::new() },
            fields,
            filters: filters.map(|(path, of)| Filter { path, is_text: is_text(of.ty) }).collect(),
            searchable: shown.iter().any(|field| field.is_searchable),
            finds_deleted: grants.allows(&object.name, Action::Restore) && !object.is_read_only,
            verbs,
        }
    }

    fn field(self, field: &FieldDefinition, writable: bool) -> Option<Field> {
        let Definitions { schema, grants, .. } = self.definitions;
        let kind = Kind::new(&field.kind, |object| grants.sees(schema, object))?;
        let mut phrases = vec![parts(&field.name), parts(&field.label)];
        phrases.extend(other_phrases(&kind, &field.name).iter().map(|words| spoken(words)));
        Some(Field {
            name: field.name.to_string(),
            label: field.label.clone(),
            phrases,
            parts: kind.parts(&field.kind),
            kind,
            writable,
            is_sortable: FieldPath::whole(field).is_sortable(),
            by_name: self.by_name(field),
        })
    }

    /// The filter by the name of the record that a relation points to.
    fn by_name(self, field: &FieldDefinition) -> Option<String> {
        let Definitions { schema, grants, .. } = self.definitions;
        let object = field.kind.relation()?;
        let related = grants.readable_object(schema, object)?;
        let label = grants.shown_fields(related).find(|label| label.name == related.label_field)?;
        is_text(FieldPath::whole(label).ty).then(|| format!("{}.{}", field.name, label.name))
    }
}

/// What logging an activity takes, where there are activities of several kinds about something.
fn log(definitions: &Definitions) -> Option<LogOperation> {
    let activity = definitions.schema.object("activity")?;
    let objects = activity.field("target")?.kind.targets()?;
    let seen = objects.iter().filter(|object| definitions.grants.sees(&definitions.schema, object));
    let mut also_needed = required(activity);
    also_needed.retain(|name| !["type", "subject", "target"].contains(&name.as_str()));
    Some(LogOperation {
        kinds: choices(activity.field("type")?.kind.options()),
        targets: seen.map(ToString::to_string).collect(),
        also_needed,
    })
}

fn required(object: &ObjectDefinition) -> Vec<String> {
    let required = object.fields.iter().filter(|field| field.is_required && field.default.is_none());
    required.map(|field| field.name.to_string()).collect()
}

/// Whether a part of what stands there can be looked for.
fn is_text(ty: PartType) -> bool {
    match ty {
        PartType::FoldedText | PartType::LowerText | PartType::UpperText | PartType::Phone => true,
        PartType::Option
        | PartType::Number(_)
        | PartType::Boolean
        | PartType::Date
        | PartType::DateTime
        | PartType::Id
        | PartType::Position
        | PartType::Opaque => false,
    }
}

fn spoken(words: &str) -> Vec<String> {
    words.split(' ').map(str::to_owned).collect()
}

/// What people call an object beside its own name.
fn synonyms(object: &str) -> &'static [&'static str] {
    match object {
        "account" => &["company", "customer", "client", "organisation", "organization", "firm"],
        "contact" => &["person", "people"],
        "deal" => &["opportunity", "opp"],
        "activity" => &["interaction"],
        "task" => &["todo", "to do", "to-do", "reminder"],
        "member" => &["user", "colleague"],
        _ => &[],
    }
}

/// What people call a field beside its name and its label.
fn other_phrases(kind: &Kind, field: &str) -> &'static [&'static str] {
    match (kind, field) {
        (Kind::Currency, _) => &["value", "worth", "size"],
        (Kind::Contacts, "emails") => &["email", "mail", "email address", "mail address", "e-mail"],
        (Kind::Contacts, "phones") => {
            &["phone", "telephone", "phone number", "telephone number", "mobile", "mobile number", "number"]
        }
        (Kind::Text, "job_title") => &["title", "position", "role", "job"],
        (Kind::Relation(_), "performed_by") => &["performer"],
        (Kind::Number, "probability") => &["chance", "win probability"],
        (_, "happened_at") => &["happened", "sent", "made", "held", "logged", "took place"],
        (_, "created_at") => &["created", "age", "added", "entered"],
        (_, "updated_at") => &["updated", "changed", "touched", "modified"],
        (Kind::Date | Kind::DateTime, name) if name.contains("due") => &["due", "deadline", "due date"],
        (Kind::Date, "close_date") => &["closing date", "closes", "closing"],
        _ => &[],
    }
}
