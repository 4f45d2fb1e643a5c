//! Changing one field of one record, deleting and restoring.

use serde_json::{Map, Value, json};

use super::{
    ask,
    catalogue::{Field, Kind, Object},
    conversation::{Record, single},
    query::lower,
    render,
    turn::{Interpreter, Outcome},
    values,
    words::{Phrase, one},
};

/// What stands between what is changed and its new value.
const SEPARATORS: [&str; 6] = ["to", "as", "into", "=", ":", "in"];

/// A change as it was said.
struct Change<'s> {
    /// The field's name, where it was said; otherwise the value tells the field.
    field: Option<Phrase<'s>>,
    record: Phrase<'s>,
    value: Phrase<'s>,
}

impl Interpreter {
    /// "set … to …" (`field_first`), "move … to …", "mark … as …", with the verb taken away.
    pub(super) fn update(&self, phrase: Phrase<'_>, field_first: bool) -> Outcome {
        let phrase = phrase.trim_end(&["please", "now"]);
        let change = if field_first {
            self.by_field(phrase).or_else(|| self.by_option(phrase))
        } else {
            self.by_option(phrase).or_else(|| self.by_field(phrase))
        };
        let Some(change) = change else { return Ok(self.not_a_change(phrase)) };
        if change.value.is_empty() {
            return Ok(ask::WHAT_VALUE.to_owned());
        }
        let concerned: Vec<&str> = self
            .catalogue
            .objects
            .iter()
            .filter(|object| object.can("update") && field_of(object, &change).is_some())
            .map(|object| object.name.as_str())
            .collect();
        let record = self.record(change.record, &concerned)?;
        let object = self.catalogue.object(&record.object);
        let Some((object, field)) = object.and_then(|object| Some((object, field_of(object, &change)?)))
        else {
            return Ok(format!(
                "I see no field of {} to change that way.",
                one(&lower(&render::heading(&self.catalogue, &record.object)))
            ));
        };
        let value = self.value(object, field, change.value)?;
        self.write(&record, field, value)
    }

    /// "rename … to …".
    pub(super) fn rename(&self, phrase: Phrase<'_>) -> Outcome {
        let Some(at) = phrase.position(&["to", "as", ":"]).filter(|at| at + 1 < phrase.len()) else {
            return Ok(ask::WHAT_VALUE.to_owned());
        };
        let record = self.record(phrase.upto(at), &[])?;
        let field =
            self.catalogue.object(&record.object).and_then(|object| Some((object, object.label_field()?)));
        let Some((object, field)) = field else {
            return Ok("I do not see what its name is kept in.".to_owned());
        };
        let value = self.value(object, field, phrase.from(at + 1))?;
        self.write(&record, field, value)
    }

    /// "assign … to …".
    pub(super) fn assign(&self, phrase: Phrase<'_>) -> Outcome {
        let Some(at) = (0..phrase.len()).rev().find(|at| phrase.at(*at) == "to") else {
            return Ok(ask::WHAT_VALUE.to_owned());
        };
        let owned: Vec<&str> = self
            .catalogue
            .objects
            .iter()
            .filter(|object| object.can("update") && owner(object).is_some())
            .map(|object| object.name.as_str())
            .collect();
        let record = self.record(phrase.upto(at), &owned)?;
        let field = self.catalogue.object(&record.object).and_then(|object| Some((object, owner(object)?)));
        let Some((object, field)) = field else {
            return Ok(format!("{} has no owner to change.", render::link(&record)));
        };
        let value = self.value(object, field, phrase.from(at + 1))?;
        self.write(&record, field, value)
    }

    pub(super) fn delete(&self, phrase: Phrase<'_>) -> Outcome {
        let record = self.record(phrase, &[])?;
        let result = self.call(&format!("{}.delete", record.object), json!({"id": record.id}))?;
        let label = single(&result).map_or(record.label, |record| record.label);
        Ok(format!("Deleted **{}**. Say **restore it** to bring it back.", render::escape(&label)))
    }

    pub(super) fn restore(&self, phrase: Phrase<'_>) -> Outcome {
        let record = self.record(phrase, &[])?;
        let result = self.call(&format!("{}.restore", record.object), json!({"id": record.id}))?;
        Ok(format!("Restored {}.", render::link(&single(&result).unwrap_or(record))))
    }

    fn write(&self, record: &Record, field: &Field, value: Value) -> Outcome {
        let mut arguments = Map::new();
        arguments.insert("id".to_owned(), json!(record.id));
        arguments.insert(field.name.clone(), value);
        let result = self.call(&format!("{}.update", record.object), Value::Object(arguments))?;
        let link = render::link(&single(&result).unwrap_or_else(|| record.clone()));
        let changes = render::changes(&self.catalogue, &record.object, &result["changes"]);
        Ok(match changes.as_slice() {
            [] => format!("{link} had that already; nothing changed."),
            changes => format!("Changed {link}: {}.", changes.join(", ")),
        })
    }

    /// "the amount of Acme renewal to 20k", "its close date to friday", "the second one's stage negotiation".
    fn by_field<'s>(&self, phrase: Phrase<'s>) -> Option<Change<'s>> {
        let first = phrase.position(&SEPARATORS[..5]);
        let (object, at, words) = self.named_field(phrase.upto(first.unwrap_or(phrase.len())))?;
        let field = phrase.from(at).upto(words);
        let kind = &object.field_at(field)?.0.kind;
        let after = at + words;
        let separator = if matches!(kind, Kind::Text | Kind::FullName) {
            (after..phrase.len()).find(|at| SEPARATORS[..5].contains(&phrase.at(*at)))
        } else {
            (after..phrase.len()).rev().find(|at| SEPARATORS[..5].contains(&phrase.at(*at)))
        };
        let before = phrase.upto(at).skip(&["the", "of", "for", "on"]);
        let Some(separator) = separator else {
            // "its amount 20k" has no separator, "the amount of Acme" no value.
            let rest = phrase.from(after);
            let names_record = matches!(rest.at(0), "of" | "for" | "on");
            let (record, value) = if names_record { (rest, rest.from(rest.len())) } else { (before, rest) };
            return Some(Change { field: Some(field), record, value });
        };
        let between = phrase.from(after).upto(separator - after);
        let record = if between.is_empty() { before } else { between };
        Some(Change { field: Some(field), record, value: phrase.from(separator + 1) })
    }

    /// "the second one to negotiation", "it as won", "it won".
    fn by_option<'s>(&self, phrase: Phrase<'s>) -> Option<Change<'s>> {
        let is_option = |value: Phrase<'_>| {
            let value = value.skip(&["the"]);
            let updatable = self.catalogue.objects.iter().filter(|object| object.can("update"));
            updatable.flat_map(|object| object.fields.iter()).any(|field| match &field.kind {
                Kind::Select(choices) => values::choice(choices, value).is_some(),
                _ => false,
            })
        };
        let separators = (0..phrase.len()).rev().filter(|at| SEPARATORS.contains(&phrase.at(*at)));
        for at in separators {
            let value = phrase.from(at + 1).skip(&["the"]);
            if !value.is_empty() && is_option(value) {
                return Some(Change { field: None, record: phrase.upto(at), value });
            }
        }
        (1..phrase.len()).find(|at| is_option(phrase.from(*at))).map(|at| Change {
            field: None,
            record: phrase.upto(at),
            value: phrase.from(at),
        })
    }

    /// The field named in a phrase: of the object named there, else of the one spoken of, else of any.
    fn named_field(&self, phrase: Phrase<'_>) -> Option<(&Object, usize, usize)> {
        let spoken =
            self.spoken_of(false).or(self.conversation.list.first()).map(|record| record.object.as_str());
        let named = self.catalogue.first_named(phrase).map(|(object, ..)| object.name.as_str());
        let mut objects: Vec<&Object> =
            self.catalogue.objects.iter().filter(|object| object.can("update")).collect();
        objects.sort_by_key(|object| {
            (Some(object.name.as_str()) != named, Some(object.name.as_str()) != spoken)
        });
        objects.into_iter().find_map(|object| {
            (0..phrase.len())
                .filter_map(|at| {
                    let (field, words) = object.field_at(phrase.from(at))?;
                    field.writable.then_some((object, at, words))
                })
                .max_by_key(|(_, _, words)| *words)
        })
    }

    fn not_a_change(&self, phrase: Phrase<'_>) -> String {
        let at = phrase.position(&["to", "as", "into"]);
        let said = at.map_or("", |at| phrase.from(at + 1).raw());
        let options: Vec<&str> = self
            .catalogue
            .objects
            .iter()
            .filter(|object| object.can("update"))
            .flat_map(|object| &object.fields)
            .filter_map(|field| match &field.kind {
                Kind::Select(choices) => Some(choices.iter().map(|choice| choice.label.as_str())),
                _ => None,
            })
            .flatten()
            .collect();
        let near = kontor_core::text::suggestion(said, options);
        if self.catalogue.objects.iter().all(|object| !object.can("update")) {
            return "I have no permission here to change records.".to_owned();
        }
        format!(
            "I do not see what to change.{near} Say it like **set the amount of “Name” to 20k** or **move it to** and a stage."
        )
    }
}

/// The field of an object that a change is about.
fn field_of<'o>(object: &'o Object, change: &Change<'_>) -> Option<&'o Field> {
    let field = match change.field {
        Some(name) => object.field_at(name).map(|(field, _)| field),
        None => object.fields.iter().find(|field| match &field.kind {
            Kind::Select(choices) => values::choice(choices, change.value).is_some(),
            _ => false,
        }),
    };
    field.filter(|field| field.writable)
}

fn owner(object: &Object) -> Option<&Field> {
    object.fields.iter().find(|field| field.is_member() && field.writable)
}
