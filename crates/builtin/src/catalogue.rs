//! What the caller can see and do in the workspace: objects, fields, options, operations, each with the words it
//! goes by. Nothing is known beforehand, so a custom field works as soon as it is there.

use std::collections::HashMap;

use kontor_core::{operation::Effect, text::fold};

use super::{
    kind::{Choice, Kind, Part},
    query::lower,
    words::{Phrase, parts},
};

pub(super) struct Catalogue {
    pub(super) operations: HashMap<String, Effect>,
    pub(super) objects: Vec<Object>,
    /// `activity.log`, where it is offered.
    pub(super) log: Option<LogOperation>,
}

pub(super) struct LogOperation {
    pub(super) kinds: Vec<Choice>,
    pub(super) targets: Vec<String>,
    /// What an activity must have in this workspace beside what a sentence about one says.
    pub(super) also_needed: Vec<String>,
}

pub(super) struct Object {
    pub(super) name: String,
    pub(super) singular: String,
    pub(super) plural: String,
    pub(super) names: Vec<Vec<String>>,
    /// What people call it beside its own name.
    pub(super) synonyms: Vec<Vec<String>>,
    pub(super) verbs: Vec<String>,
    /// Those that may be read: what people fill in before what the system notes.
    pub(super) fields: Vec<Field>,
    /// The fields a new record must have.
    pub(super) required: Vec<String>,
    /// What lists can be filtered by.
    pub(super) filters: Vec<Filter>,
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
    /// Whether it can be given a value, in a new record or in one that is there.
    pub(super) writable: bool,
    pub(super) is_sortable: bool,
    /// The filter by the name of the record that a relation points to: `account.name`.
    pub(super) by_name: Option<String>,
}

pub(super) struct Filter {
    /// `amount`, `amount.currency`.
    pub(super) path: String,
    /// Whether it is a text of which a part can be looked for.
    pub(super) is_text: bool,
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
    pub(super) fn has(&self, operation: &str) -> bool {
        self.operations.contains_key(operation)
    }

    /// Whether an operation that is offered does more than read.
    pub(super) fn changes(&self, operation: &str) -> bool {
        self.operations.get(operation).is_some_and(|effect| *effect != Effect::Read)
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
        self.filters.iter().any(|filter| filter.path == name)
    }
}

impl Field {
    /// Whether its label says no more than its name.
    fn is_own_name(&self) -> bool {
        parts(&self.name) == parts(&self.label)
    }

    /// Whether it is a relation to the workspace's members.
    pub(super) fn is_member(&self) -> bool {
        matches!(&self.kind, Kind::Relation(object) if object == "member")
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
