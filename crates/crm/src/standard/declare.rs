//! The words standard objects are declared with.

use kontor_core::{
    environment::Environment,
    ids::{FieldId, ObjectId},
    metadata::{Field, FieldKind, Name, Object, SelectOption, TextFormat},
};
use serde_json::Value as Json;
use uuid::Uuid;

use super::system;

/// How an object is named.
pub(super) struct Naming {
    pub name: &'static str,
    pub plural: &'static str,
    pub label: &'static str,
    pub label_plural: &'static str,
    pub description: &'static str,
    pub icon: &'static str,
    /// The field whose text names a record.
    pub label_field: &'static str,
}

impl Naming {
    /// The object of these fields, followed by the system's.
    pub(super) fn object(self, environment: &Environment, fields: Vec<Declared>) -> Object {
        let name = Name::literal(self.name);
        let fields = fields
            .into_iter()
            .chain(system::fields(&name))
            .map(|declared| Field { id: environment.new_id(), ..declared.0 })
            .collect();
        let mut object = Object {
            id: environment.new_id::<ObjectId>(),
            name,
            plural: Name::literal(self.plural),
            label: self.label.to_owned(),
            label_plural: self.label_plural.to_owned(),
            description: self.description.to_owned(),
            icon: self.icon.to_owned(),
            label_field: Name::literal(self.label_field),
            is_custom: false,
            is_read_only: false,
            pipeline: None,
            fields,
        };
        object.assign_search_slots();
        object
    }
}

/// A field that has no id yet.
pub(super) struct Declared(Field);

impl Declared {
    pub(super) fn about(mut self, description: &str) -> Self {
        self.0.description = description.to_owned();
        self
    }

    pub(super) fn required(mut self) -> Self {
        self.0.is_required = true;
        self
    }

    pub(super) fn never_negative(mut self) -> Self {
        self.0.is_never_negative = true;
        self
    }

    pub(super) fn unique(mut self) -> Self {
        self.0.is_unique = true;
        self
    }

    pub(super) fn indexed(mut self) -> Self {
        self.0.is_indexed = true;
        self
    }

    pub(super) fn searchable(mut self) -> Self {
        self.0.is_searchable = true;
        self
    }

    pub(super) fn system(mut self) -> Self {
        self.0.is_system = true;
        self
    }

    pub(super) fn default(mut self, value: impl Into<Json>) -> Self {
        self.0.default = Some(value.into());
        self
    }
}

pub(super) fn field(name: &'static str, label: &str, kind: FieldKind) -> Declared {
    Declared(Field::new(FieldId(Uuid::nil()), Name::literal(name), label, kind))
}

pub(super) fn line(name: &'static str, label: &str) -> Declared {
    field(name, label, FieldKind::Text { format: TextFormat::Line })
}

pub(super) fn markdown(name: &'static str, label: &str) -> Declared {
    field(name, label, FieldKind::Text { format: TextFormat::Markdown })
}

/// A whole number of at least zero.
pub(super) fn count(name: &'static str, label: &str) -> Declared {
    field(name, label, FieldKind::Number { decimals: 0, min: Some(0), max: None })
}

/// A whole number from 0 to 100.
pub(super) fn percent(name: &'static str, label: &str) -> Declared {
    field(name, label, FieldKind::Number { decimals: 0, min: Some(0), max: Some(100) })
}

pub(super) fn select(name: &'static str, label: &str, options: Vec<SelectOption>) -> Declared {
    field(name, label, FieldKind::Select { options })
}

pub(super) fn relation(name: &'static str, label: &str, object: &'static str) -> Declared {
    field(name, label, FieldKind::Relation { object: Name::literal(object) })
}

pub(super) fn option(value: &str, label: &str, color: &str) -> SelectOption {
    SelectOption {
        value: value.to_owned(),
        label: label.to_owned(),
        color: color.to_owned(),
        outcome: None,
        probability: None,
    }
}

/// What a record is about: one field that names it whatever it is, and a relation for each kind of record it
/// can be, so that both directions are one indexed step.
pub(super) fn target(objects: &[&'static str]) -> Vec<Declared> {
    let names = objects.iter().map(|object| Name::literal(object)).collect();
    let whole = field("target", "About", FieldKind::Target { objects: names })
        .about("The record this is about, with the name it had.")
        .searchable();
    let direct = objects.iter().map(|object| {
        let (label, about) = match *object {
            "contact" => ("Contact", "The contact this is about."),
            "account" => ("Account", "The account this is about."),
            "deal" => ("Deal", "The deal this is about."),
            _ => ("Lead", "The lead this is about."),
        };
        relation(object, label, object).about(about)
    });
    std::iter::once(whole).chain(direct).collect()
}

/// The objects that activities, tasks and notes can be about.
pub(super) const TARGETS: [&str; 4] = ["contact", "account", "deal", "lead"];

/// Where a person was first heard of.
pub(super) fn sources() -> Vec<SelectOption> {
    vec![
        option("WEB", "Web", "blue"),
        option("REFERRAL", "Referral", "green"),
        option("CAMPAIGN", "Campaign", "purple"),
        option("EVENT", "Event", "orange"),
        option("OUTBOUND", "Outbound", "yellow"),
        option("PARTNER", "Partner", "turquoise"),
        option("IMPORT", "Import", "gray"),
        option("OTHER", "Other", "gray"),
    ]
}
