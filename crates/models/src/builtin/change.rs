//! Changing fields of records, deleting and restoring.

use serde_json::{Map, Value, json};

use super::{
    ask,
    clauses::{Change, Verb},
    conversation::{Record, single},
    query::lower,
    render,
    schema::Kind,
    turn::{Interpreter, Outcome, Stop},
    values,
    words::{Phrase, one},
};

/// The changes of one record, and the words that name it.
struct Target<'c, 's> {
    record: Phrase<'s>,
    changes: Vec<&'c Change<'s>>,
}

impl Interpreter {
    /// "set … to …", "move … to …", "rename … to …", "assign … to …", each with further changes behind commas
    /// and "and". The verb is taken away.
    pub(super) fn update(&self, verb: Verb, phrase: Phrase<'_>) -> Outcome {
        let phrase = phrase.trim_end(&["please", "now"]);
        let changes = self.changes(verb, phrase);
        match changes.as_slice() {
            [] => return Ok(self.not_a_change(phrase)),
            [only] if only.value.is_empty() => return Ok(ask::WHAT_VALUE.to_owned()),
            many if many.iter().any(|change| change.value.is_empty()) => {
                return Ok(format!(
                    "I do not see what each part of “{}” should be changed to. Say it like **set the amount to 20k and the close date to friday**.",
                    phrase.raw()
                ));
            }
            _ => {}
        }
        let mut records = Vec::new();
        let mut calls = Vec::new();
        for target in self.targets(&changes) {
            let (record, values) = self.patch(&target)?;
            calls.push((format!("{}.update", record.object), values));
            records.push(record);
        }
        let tools: Vec<String> = calls.iter().map(|(tool, _)| tool.clone()).collect();
        let results = self.calls(calls)?;
        let told =
            tools.iter().zip(results).zip(&records).map(|((tool, result), record)| {
                match Self::checked(tool, result) {
                    Ok(result) => self.changed(record, &result),
                    Err(reason) => reason,
                }
            });
        Ok(told.collect::<Vec<_>>().join("\n\n"))
    }

    /// The changes by record: one that names none is about the record of the change before it, and where the
    /// first names none, about the first that is named.
    fn targets<'c, 's>(&self, changes: &'c [Change<'s>]) -> Vec<Target<'c, 's>> {
        let mut targets: Vec<Target<'c, 's>> = Vec::new();
        for change in changes {
            match targets.last_mut() {
                Some(last) if change.record.is_empty() || self.is_pronoun(change.record) => {
                    last.changes.push(change);
                }
                Some(last) if last.record.is_empty() => {
                    last.record = change.record;
                    last.changes.push(change);
                }
                _ => targets.push(Target { record: change.record, changes: vec![change] }),
            }
        }
        targets
    }

    /// The record that is meant, and the arguments of its update.
    fn patch(&self, target: &Target<'_, '_>) -> Result<(Record, Value), Stop> {
        let concerned: Vec<&str> = self
            .updatable()
            .filter(|object| target.changes.iter().all(|change| !change.slots(object).is_empty()))
            .map(|object| object.name.as_str())
            .collect();
        let record = self.record(target.record, &concerned)?;
        let mut arguments = Map::new();
        arguments.insert("id".to_owned(), json!(record.id));
        for change in &target.changes {
            let object = self.catalogue.object(&record.object);
            let slots = object.map(|object| change.slots(object)).unwrap_or_default();
            let (Some(object), [slot]) = (object, slots.as_slice()) else {
                let heading = one(&lower(&render::heading(&self.catalogue, &record.object)));
                let names: Vec<String> = slots.iter().map(|slot| format!("**{}**", slot.label())).collect();
                return Err(Stop::Say(if names.is_empty() {
                    format!("I see no field of {heading} to change that way.")
                } else {
                    format!("There are several of that name on {heading}. Say which: {}.", names.join(" or "))
                }));
            };
            let value = self.slot_value(object, *slot, change.value)?;
            if !values::put(&mut arguments, *slot, value) {
                return Err(Stop::Say(format!(
                    "You gave two values for the {} of {}. Say which one it should be.",
                    slot.label(),
                    render::link(&record)
                )));
            }
        }
        Ok((record, Value::Object(arguments)))
    }

    pub(super) fn delete(&self, phrase: Phrase<'_>) -> Outcome {
        let record = self.record(phrase, &[])?;
        let result = self.call(&format!("{}.delete", record.object), json!({"id": record.id}))?;
        let label = single(&result).map_or(record.label, |record| record.label);
        Ok(format!("Deleted **{}**. Say **restore it** to bring it back.", render::escape(&label)))
    }

    pub(super) fn restore(&self, phrase: Phrase<'_>) -> Outcome {
        let record = self.deleted_record(phrase)?;
        let result = self.call(&format!("{}.restore", record.object), json!({"id": record.id}))?;
        Ok(format!("Restored {}.", render::link(&single(&result).unwrap_or(record))))
    }

    fn changed(&self, record: &Record, result: &Value) -> String {
        let link = render::link(&single(result).unwrap_or_else(|| record.clone()));
        let changes = render::changes(&self.catalogue, &record.object, &result["changes"]);
        match changes.as_slice() {
            [] => format!("{link} had that already; nothing changed."),
            changes => format!("Changed {link}: {}.", changes.join(", ")),
        }
    }

    fn not_a_change(&self, phrase: Phrase<'_>) -> String {
        let at = phrase.position(&["to", "as", "into"]);
        let said = at.map_or("", |at| phrase.from(at + 1).raw());
        let options: Vec<&str> = self
            .updatable()
            .flat_map(|object| &object.fields)
            .filter_map(|field| match &field.kind {
                Kind::Select(choices) => Some(choices.iter().map(|choice| choice.label.as_str())),
                _ => None,
            })
            .flatten()
            .collect();
        let near = kontor_core::text::suggestion(said, options);
        if self.updatable().next().is_none() {
            return "I have no permission here to change records.".to_owned();
        }
        format!(
            "I do not see what to change.{near} Say it like **set the amount of “Name” to 20k** or **move it to** and a stage."
        )
    }
}
