//! What a prompt may name: one table, of which prompts are rendered and from which it is told.

use std::collections::BTreeMap;

use kontor_models::{RecordInView, surface::ObjectOutline};
use minijinja::Value;
use serde::Serialize;

use super::{
    Values,
    render::{data, today},
};

/// Something that a prompt may name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Variable {
    /// As it stands in a prompt; `objects[].name` is one of each item of a list.
    pub name: String,
    pub about: &'static str,
    pub example: &'static str,
}

/// A name, what it is, an example, and how it is read.
struct Entry<R>(&'static str, &'static str, &'static str, R);

/// An entry that is read from a `T`.
type Of<T> = Entry<fn(&T) -> Value>;
/// One that is read from what a prompt is rendered with, which lends it.
type OfValues = Entry<for<'v> fn(&Values<'v>) -> Value>;

fn text(text: impl Into<String>) -> Value {
    Value::from(text.into())
}

/// What is always there.
const PLAIN: [OfValues; 7] = [
    Entry("agent.label", "The agent's name", "Sales assistant", |values| text(data(values.agent_label))),
    Entry("workspace.name", "The workspace's name", "Demo", |values| text(data(values.workspace))),
    Entry("member.id", "The id of the member it acts for", "0192…", |values| {
        text(values.scene.member.id.to_string())
    }),
    Entry("member.name", "The name of the member it acts for", "Ada Brandt", |values| {
        text(data(&values.scene.member.name))
    }),
    Entry("member.role", "The role of that member", "Member", |values| text(data(values.role))),
    Entry(
        "date",
        "The member's day, with how they read dates where they have chosen that",
        "Sunday, 2026-11-22",
        |values| text(today(values.scene)),
    ),
    Entry("time_zone", "The member's time zone", "Europe/Berlin", |values| {
        text(values.scene.time_zone.name())
    }),
];

/// What is there where the chat is about a record.
const RECORD: [Of<RecordInView>; 4] = [
    Entry("object", "The object of the record that the member looks at", "deal", |record| {
        text(record.object.as_str())
    }),
    Entry("label", "The record's name", "Acme renewal", |record| text(data(&record.label))),
    Entry("id", "The record's id", "0192…", |record| text(record.id.to_string())),
    Entry("path", "The path of its page", "/records/deals/0192…", |record| text(record.path.as_str())),
];

/// What is there of each object.
const OBJECT: [Of<ObjectOutline>; 5] = [
    Entry("name", "An object's name", "deal", |object| text(object.name.as_str())),
    Entry("label", "What people call its records", "Deals", |object| text(data(&object.label))),
    Entry("plural", "Its name in paths", "deals", |object| text(object.plural.as_str())),
    Entry("path", "The path of its pages", "/records/deals", |object| {
        text(format!("/records/{}", object.plural))
    }),
    Entry("fields", "Its fields that may be read, in a line", "name, stage LEAD|PROPOSAL", |object| {
        text(object.fields.as_str())
    }),
];

const CONTEXT: &str = "context";
const OBJECTS: &str = "objects";

fn read<T>(entries: &[Of<T>], of: &T) -> Value {
    let values: BTreeMap<&str, Value> =
        entries.iter().map(|Entry(name, _, _, value)| (*name, value(of))).collect();
    Value::from(values)
}

/// What a prompt is rendered with.
pub(super) fn context(values: &Values<'_>) -> Value {
    let mut top: BTreeMap<&str, Value> = BTreeMap::new();
    let mut parts: BTreeMap<&str, BTreeMap<&str, Value>> = BTreeMap::new();
    for Entry(name, _, _, value) in &PLAIN {
        match name.split_once('.') {
            Some((part, name)) => {
                parts.entry(part).or_default().insert(name, value(values));
            }
            None => {
                top.insert(name, value(values));
            }
        }
    }
    top.extend(parts.into_iter().map(|(part, values)| (part, Value::from(values))));
    let record = values.scene.record.as_ref().map(|record| read(&RECORD, record));
    top.insert(CONTEXT, record.unwrap_or_else(|| Value::from(())));
    let objects: Vec<Value> = values.objects.iter().map(|object| read(&OBJECT, object)).collect();
    top.insert(OBJECTS, Value::from(objects));
    Value::from(top)
}

/// All that a prompt may name.
pub(crate) fn all() -> Vec<Variable> {
    let variable = |name: String, about, example| Variable { name, about, example };
    let plain =
        PLAIN.iter().map(|Entry(name, about, example, _)| variable((*name).to_owned(), about, example));
    let of_record = RECORD
        .iter()
        .map(|Entry(name, about, example, _)| variable(format!("{CONTEXT}.{name}"), about, example));
    let of_objects = OBJECT
        .iter()
        .map(|Entry(name, about, example, _)| variable(format!("{OBJECTS}[].{name}"), about, example));
    plain
        .chain([variable(
            CONTEXT.to_owned(),
            "The record that the member looks at; nothing where there is none, so ask first",
            "{% if context %}…{% endif %}",
        )])
        .chain(of_record)
        .chain([variable(
            OBJECTS.to_owned(),
            "The objects that member and agent may read",
            "{% for object in objects %}{{ object.label }}{% endfor %}",
        )])
        .chain(of_objects)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prompts::{Prompt, check::samples};

    #[test]
    fn all_that_is_told_can_be_named_and_has_a_value() {
        let [with_record, _] = samples();
        for variable in all() {
            let template = match variable.name.split_once("[].") {
                Some((list, name)) => format!("{{% for it in {list} %}}{{{{ it.{name} }}}}{{% endfor %}}"),
                None => format!("{{{{ {} }}}}", variable.name),
            };
            let text = Prompt::new("a", &template).unwrap().render(&with_record.values()).unwrap();
            assert!(!text.trim().is_empty(), "{}", variable.name);
        }
    }
}
