//! What the tools of a request say about the workspace: objects, fields, options. Nothing is known beforehand,
//! so a custom field works as soon as it stands in a schema.

use kontor_core::text::fold;
use serde_json::Value;

use super::{
    query::lower,
    schema::{
        Choice, Kind, Part, choices, described_choices, guess_outcomes, kind_of, parts_of, readable, related,
        strings,
    },
    words::{Phrase, parts, plural},
};
use kontor_models::ToolDefinition;

pub(super) struct Catalogue {
    tools: Vec<String>,
    pub(super) objects: Vec<Object>,
    /// `activity.log`, where it is offered.
    pub(super) log: Option<LogTool>,
}

pub(super) struct LogTool {
    pub(super) kinds: Vec<Choice>,
    pub(super) targets: Vec<String>,
    /// What an activity must have in this workspace beside what a sentence about one says.
    pub(super) also_needed: Vec<String>,
}

pub(super) struct Object {
    pub(super) name: String,
    pub(super) singular: String,
    pub(super) plural: String,
    names: Vec<Vec<String>>,
    /// What people call it beside its own name.
    synonyms: Vec<Vec<String>>,
    verbs: Vec<String>,
    pub(super) fields: Vec<Field>,
    /// The fields a new record must have.
    pub(super) required: Vec<String>,
    /// What `find` can filter by; only texts that can be searched for a part are [`Kind::Text`].
    pub(super) filters: Vec<(String, Kind)>,
    sortable: Vec<String>,
    /// What `find` can be asked to show.
    pub(super) selectable: Vec<String>,
    pub(super) searchable: bool,
    /// Whether `find` finds deleted records when it is asked to.
    pub(super) finds_deleted: bool,
}

pub(super) struct Field {
    pub(super) name: String,
    pub(super) label: String,
    pub(super) phrases: Vec<Vec<String>>,
    pub(super) kind: Kind,
    /// What can be written by itself of a composite field.
    pub(super) parts: Vec<Part>,
    /// Stands in the arguments of create or update.
    pub(super) writable: bool,
}

/// A field that can be written, or one part of it.
#[derive(Clone, Copy)]
pub(super) struct Slot<'o> {
    pub(super) field: &'o Field,
    pub(super) part: Option<&'o Part>,
}

impl Slot<'_> {
    /// How it is named in a sentence: `close date`, `address city`.
    pub(super) fn label(&self) -> String {
        let field = lower(&self.field.label);
        match self.part {
            Some(part) => format!("{field} {}", parts(&part.name).join(" ")),
            None => field,
        }
    }

    fn matches(&self, phrase: Phrase<'_>) -> usize {
        let Some(part) = self.part else { return phrase.matches(&self.field.phrases) };
        let field = phrase.matches(&self.field.phrases);
        let of_field = if field == 0 { 0 } else { phrase.from(field).matches(&part.phrases) };
        if of_field > 0 { field + of_field } else { phrase.matches(&part.phrases) }
    }
}

impl Catalogue {
    pub(super) fn new(tools: &[ToolDefinition]) -> Self {
        let mut objects: Vec<Object> = Vec::new();
        for tool in tools {
            let Some((name, verb)) = tool.name.split_once('.') else { continue };
            let position = objects.iter().position(|object| object.name == name).unwrap_or_else(|| {
                objects.push(Object::new(name));
                objects.len() - 1
            });
            objects[position].learn(verb, tool);
        }
        objects.retain(|object| !object.verbs.iter().all(|verb| verb == "log"));
        for position in 0..objects.len() {
            let known: Vec<String> = objects.iter().map(|object| object.name.clone()).collect();
            objects[position].settle_moments();
            objects[position].finish(&known);
        }
        let log = tools.iter().find(|tool| tool.name == "activity.log").map(|tool| LogTool {
            kinds: choices(&tool.parameters["properties"]["type"]),
            targets: strings(&tool.parameters["properties"]["target"]["properties"]["object"]["enum"]),
            also_needed: strings(&tool.parameters["required"])
                .into_iter()
                .filter(|name| !["type", "subject", "target"].contains(&name.as_str()))
                .collect(),
        });
        Self { tools: tools.iter().map(|tool| tool.name.clone()).collect(), objects, log }
    }

    pub(super) fn has(&self, tool: &str) -> bool {
        self.tools.iter().any(|name| name == tool)
    }

    pub(super) fn object(&self, name: &str) -> Option<&Object> {
        self.objects.iter().find(|object| object.name == name)
    }

    /// The object whose name begins the phrase, and how many words it takes.
    pub(super) fn named(&self, phrase: Phrase<'_>) -> Option<(&Object, usize)> {
        self.named_by(phrase, |object| &object.names)
            .or_else(|| self.named_by(phrase, |object| &object.synonyms))
    }

    /// The first object named in the phrase, where, and by how many words; its own name counts before what
    /// else it is called.
    pub(super) fn first_named(&self, phrase: Phrase<'_>) -> Option<(&Object, usize, usize)> {
        let first = |names: fn(&Object) -> &Vec<Vec<String>>| {
            (0..phrase.len()).find_map(|start| {
                let (object, words) = self.named_by(phrase.from(start), names)?;
                Some((object, start, words))
            })
        };
        first(|object| &object.names).or_else(|| first(|object| &object.synonyms))
    }

    fn named_by(
        &self,
        phrase: Phrase<'_>,
        names: fn(&Object) -> &Vec<Vec<String>>,
    ) -> Option<(&Object, usize)> {
        self.objects
            .iter()
            .map(|object| (object, phrase.matches(names(object))))
            .filter(|(_, words)| *words > 0)
            .max_by_key(|(_, words)| *words)
    }

    /// The label of an option wherever it stands, for showing values.
    pub(super) fn option_label(&self, object: &str, field: &str, value: &str) -> Option<&str> {
        let Kind::Select(choices) = &self.object(object)?.field(field)?.kind else { return None };
        choices.iter().find(|choice| choice.value == value).map(|choice| choice.label.as_str())
    }
}

impl Object {
    fn new(name: &str) -> Self {
        let singular = parts(name).join(" ");
        Self {
            name: name.to_owned(),
            plural: plural(&singular),
            names: vec![parts(name)],
            synonyms: Vec::new(),
            singular,
            verbs: Vec::new(),
            fields: Vec::new(),
            required: Vec::new(),
            filters: Vec::new(),
            sortable: Vec::new(),
            selectable: Vec::new(),
            searchable: false,
            finds_deleted: false,
        }
    }

    pub(super) fn can(&self, verb: &str) -> bool {
        self.verbs.iter().any(|known| known == verb)
    }

    pub(super) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The field a record is called by.
    pub(super) fn label_field(&self) -> Option<&Field> {
        let text = |field: &&Field| matches!(field.kind, Kind::Text | Kind::FullName);
        ["name", "title", "subject"]
            .iter()
            .find_map(|name| self.field(name).filter(text))
            .or_else(|| self.fields.iter().find(text))
    }

    /// The field whose label begins the phrase, and how many words it takes; of several that are called alike
    /// the first, which is the standard one.
    pub(super) fn field_at(&self, phrase: Phrase<'_>) -> Option<(&Field, usize)> {
        let named = self.fields.iter().map(|field| (field, phrase.matches(&field.phrases)));
        named.filter(|(_, words)| *words > 0).rev().max_by_key(|(field, words)| (*words, field.is_own_name()))
    }

    /// Another field of the same label.
    pub(super) fn same_label(&self, field: &Field) -> Option<&Field> {
        self.fields.iter().find(|other| other.name != field.name && fold(&other.label) == fold(&field.label))
    }

    /// The writable fields and parts of fields that have the longest name at the head of the phrase, and how
    /// many words it takes. A field's own name counts before a part's; several remain where more than one
    /// field has such a part.
    pub(super) fn slots_at(&self, phrase: Phrase<'_>) -> (Vec<Slot<'_>>, usize) {
        let fields = || self.fields.iter().filter(|field| field.writable);
        let whole = fields().map(|field| Slot { field, part: None });
        let parts =
            fields().flat_map(|field| field.parts.iter().map(move |part| Slot { field, part: Some(part) }));
        let mut named = longest(whole, phrase);
        // The standard one of two fields that are called alike, as everywhere.
        named.0.sort_by_key(|slot| !slot.field.is_own_name());
        named.0.truncate(1);
        let by_part = longest(parts, phrase);
        if by_part.1 > named.1 { by_part } else { named }
    }

    /// The option whose label begins the phrase, with its field, and how many words it takes.
    pub(super) fn option_at(&self, phrase: Phrase<'_>) -> Option<(&Field, &Choice, usize)> {
        self.options_at(phrase).into_iter().next()
    }

    /// The options with the longest label at the head of the phrase, one of each field that has such.
    pub(super) fn options_at(&self, phrase: Phrase<'_>) -> Vec<(&Field, &Choice, usize)> {
        let mut found: Vec<(&Field, &Choice, usize)> = Vec::new();
        for field in &self.fields {
            let Kind::Select(choices) = &field.kind else { continue };
            let named = choices.iter().map(|choice| (field, choice, phrase.matches(&choice.names)));
            if let Some(best) = named.filter(|(.., words)| *words > 0).max_by_key(|(.., words)| *words) {
                found.push(best);
            }
        }
        let longest = found.iter().map(|(.., words)| *words).max().unwrap_or(0);
        found.retain(|(.., words)| *words == longest);
        found
    }

    /// The select field whose options have outcomes.
    pub(super) fn outcomes(&self) -> Option<(&Field, &[Choice])> {
        self.fields.iter().find_map(|field| match &field.kind {
            Kind::Select(choices) if choices.iter().any(|choice| choice.outcome.is_some()) => {
                Some((field, choices.as_slice()))
            }
            _ => None,
        })
    }

    /// The one field a bare number or sum is about.
    pub(super) fn amount_field(&self) -> Option<&Field> {
        let of = |kind: Kind| self.fields.iter().filter(move |field| field.kind == kind);
        let mut numbers =
            of(Kind::Number).filter(|field| field.name != "position" && field.name != "version");
        of(Kind::Currency).next().or_else(|| {
            let first = numbers.next();
            first.filter(|_| numbers.next().is_none())
        })
    }

    /// The date that a bare period is about: a calendar date, else the moment it happened or is due, else the
    /// moment it was created. Other moments (when a contact became a customer) are meant only by name.
    pub(super) fn date_field(&self) -> Option<&Field> {
        let moment = |field: &&Field| {
            field.kind == Kind::DateTime
                && ["happened", "due", "starts", "scheduled"].iter().any(|word| field.name.starts_with(word))
        };
        let date = self.fields.iter().find(|field| field.kind == Kind::Date);
        date.or_else(|| self.fields.iter().find(moment)).or_else(|| self.field("created_at"))
    }

    pub(super) fn can_filter(&self, name: &str) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|(known, _)| known == name)
    }

    pub(super) fn can_sort(&self, name: &str) -> bool {
        self.sortable.is_empty() || self.sortable.iter().any(|known| known == name)
    }

    /// The filter for the name of the record a relation points to: `account.name`.
    pub(super) fn relation_name_filter(&self, relation: &str) -> Option<&str> {
        self.filters
            .iter()
            .find(|(name, kind)| {
                *kind == Kind::Text && name.strip_prefix(relation).is_some_and(|rest| rest.starts_with('.'))
            })
            .map(|(name, _)| name.as_str())
    }

    fn learn(&mut self, verb: &str, tool: &ToolDefinition) {
        self.verbs.push(verb.to_owned());
        let properties = &tool.parameters["properties"];
        match verb {
            "find" => {
                if let Some(named) =
                    tool.description.strip_prefix("Find ").and_then(|rest| rest.split('.').next())
                    && named.split(' ').count() <= 3
                {
                    self.plural = fold(named);
                    self.names.push(parts(named));
                }
                self.learn_filters(&tool.parameters);
                self.selectable = strings(&properties["fields"]["items"]["enum"]);
                self.searchable = properties.get("search").is_some();
                self.finds_deleted = properties.get("deleted").is_some();
            }
            "create" | "update" => {
                for (name, schema) in properties.as_object().into_iter().flatten() {
                    if name != "id" {
                        self.learn_field(name, schema);
                    }
                }
                if verb == "create" {
                    self.required = strings(&tool.parameters["required"]);
                }
            }
            _ => {}
        }
    }

    fn learn_field(&mut self, name: &str, schema: &Value) {
        let kind = kind_of(schema);
        match self.fields.iter_mut().find(|field| field.name == name) {
            Some(known) => {
                known.writable = true;
                known.parts = parts_of(&kind, schema);
                known.kind = kind;
                if let Some(title) = schema["title"].as_str() {
                    known.label = title.to_owned();
                }
            }
            None => self.fields.push(Field::new(name, schema, kind, true)),
        }
    }

    /// What the schema of a value leaves open and that of a filter says: a moment is written as text.
    fn settle_moments(&mut self) {
        for (name, kind) in &self.filters {
            if *kind == Kind::DateTime
                && let Some(field) = self.fields.iter_mut().find(|field| field.name == *name)
            {
                field.kind = Kind::DateTime;
            }
        }
    }

    /// Every field that can be filtered by, of what kind, and by which of its parts: all that is known of the
    /// fields to whoever may only read.
    fn learn_filters(&mut self, parameters: &Value) {
        let filters = parameters["properties"]["filter"]["properties"].as_object();
        for (name, schema) in filters.into_iter().flatten() {
            if ["and", "or", "not"].contains(&name.as_str()) {
                continue;
            }
            let reference = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next());
            let described = schema["description"].as_str().unwrap_or_default();
            let kind = match reference {
                Some("text") => Kind::Text,
                Some("number") => Kind::Number,
                Some("boolean") => Kind::Boolean,
                Some("date") => Kind::Date,
                Some("date_time") => Kind::DateTime,
                Some("id") => Kind::Relation(related(described)),
                Some("option") => Kind::Select(described_choices(described)),
                _ => Kind::Composite,
            };
            if !name.contains('.') && name != "id" {
                if reference != Some("presence") {
                    self.sortable.push(name.clone());
                }
                if self.field(name).is_none() {
                    let has = |part: &str| {
                        filters.is_some_and(|known| known.contains_key(&format!("{name}.{part}")))
                    };
                    let kind = match kind.clone() {
                        Kind::Number if has("currency") => Kind::Currency,
                        Kind::Text if has("first") => Kind::FullName,
                        Kind::Relation(_) if has("object") => Kind::Target(Vec::new()),
                        Kind::Composite if reference == Some("exact") => Kind::Text,
                        other => other,
                    };
                    self.fields.push(Field::new(name, schema, kind, false));
                }
            }
            self.filters.push((name.clone(), kind));
        }
    }

    /// What can be said only when everything was seen.
    fn finish(&mut self, objects: &[String]) {
        for other in match self.name.as_str() {
            "account" => ["company", "customer", "client", "organisation", "organization", "firm"].as_slice(),
            "contact" => &["person", "people"],
            "deal" => &["opportunity", "opp"],
            "activity" => &["interaction"],
            "task" => &["todo", "to do", "to-do", "reminder"],
            "member" => &["user", "colleague"],
            _ => &[],
        } {
            self.synonyms.push(other.split(' ').map(str::to_owned).collect());
        }
        for field in &mut self.fields {
            if field.kind == Kind::Relation(None) {
                let object = objects.iter().find(|object| **object == field.name).cloned();
                let member = || (field.name == "owner").then(|| "member".to_owned());
                field.kind = Kind::Relation(object.or_else(member));
            }
            if let Kind::Select(choices) = &mut field.kind
                && choices.iter().all(|choice| choice.outcome.is_none())
            {
                guess_outcomes(choices);
            }
            let other: &[&str] = match (&field.kind, field.name.as_str()) {
                (Kind::Currency, _) => &["value", "worth", "size"],
                (Kind::Contacts, "emails") => &["email", "mail", "email address", "mail address", "e-mail"],
                (Kind::Contacts, "phones") => &[
                    "phone",
                    "telephone",
                    "phone number",
                    "telephone number",
                    "mobile",
                    "mobile number",
                    "number",
                ],
                (Kind::Text, "job_title") => &["title", "position", "role", "job"],
                (Kind::Relation(_), "performed_by") => &["performer"],
                (Kind::Number, "probability") => &["chance", "win probability"],
                (_, "happened_at") => &["happened", "sent", "made", "held", "logged", "took place"],
                (_, "created_at") => &["created", "age", "added", "entered"],
                (_, "updated_at") => &["updated", "changed", "touched", "modified"],
                (Kind::Date | Kind::DateTime, name) if name.contains("due") => {
                    &["due", "deadline", "due date"]
                }
                (Kind::Date, "close_date") => &["closing date", "closes", "closing"],
                _ => &[],
            };
            field.phrases.extend(other.iter().map(|words| words.split(' ').map(str::to_owned).collect()));
        }
    }
}

impl Field {
    fn new(name: &str, schema: &Value, kind: Kind, writable: bool) -> Self {
        let label = schema["title"].as_str().map_or_else(|| readable(name), str::to_owned);
        Self {
            name: name.to_owned(),
            phrases: vec![parts(name), parts(&label)],
            label,
            parts: parts_of(&kind, schema),
            kind,
            writable,
        }
    }

    /// Whether its label says no more than its name.
    fn is_own_name(&self) -> bool {
        parts(&self.name) == parts(&self.label)
    }

    /// Whether it is a relation to the workspace's members.
    pub(super) fn is_member(&self) -> bool {
        matches!(&self.kind, Kind::Relation(Some(object)) if object == "member")
    }
}

/// Those whose names take the most words at the head of the phrase, and how many.
fn longest<'o>(slots: impl Iterator<Item = Slot<'o>>, phrase: Phrase<'_>) -> (Vec<Slot<'o>>, usize) {
    let mut best: (Vec<Slot<'o>>, usize) = (Vec::new(), 0);
    for slot in slots {
        let words = slot.matches(phrase);
        if words > best.1 {
            best = (vec![slot], words);
        } else if words > 0 && words == best.1 {
            best.0.push(slot);
        }
    }
    best
}
