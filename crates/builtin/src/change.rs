//! Changing fields of records, deleting and restoring.

use serde_json::{Map, Value, json};

use super::{
    ask,
    catalogue::Object,
    clauses::{Change, STRUCTURE, Verb},
    conversation::{Record, single},
    kind::Kind,
    query::lower,
    render,
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
        for word in (0..phrase.len()).map(|at| phrase.from(at).upto(1)) {
            if STRUCTURE.contains(&word.at(0)) {
                word.cover();
            }
        }
        changes.iter().for_each(Change::cover_name);
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
                    change.record.cover();
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
        let personal = target.changes.iter().find(|change| self.is_personal(change.record));
        if let Some(change) = personal.filter(|_| !self.is_person(&record)) {
            return Err(Stop::Say(format!("I do not know who “{}” is. Say the name.", change.record.raw())));
        }
        self.is_closed.set(self.will_be_closed(&record, &target.changes)?);
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
            if let Some(other) = object.same_label(slot.field) {
                self.remark(format!(
                    "There are two fields called {}; I took `{}` and not `{}`.",
                    slot.field.label, slot.field.name, other.name
                ));
            }
            let value = self.slot_value(object, *slot, change.value)?;
            change.value.cover();
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

    /// Whether a record is closed by these changes, or was before where one of them depends on it.
    fn will_be_closed(&self, record: &Record, changes: &[&Change<'_>]) -> Result<bool, Stop> {
        let Some(object) = self.catalogue.object(&record.object) else { return Ok(false) };
        let Some((outcome, choices)) = object.outcomes() else { return Ok(false) };
        let slots = || {
            changes.iter().flat_map(|change| change.slots(object).into_iter().map(move |slot| (slot, change)))
        };
        if let Some((_, change)) = slots().find(|(slot, _)| slot.field.name == outcome.name) {
            let choice = values::choice(choices, change.value.skip(&["the"]));
            return Ok(choice.is_some_and(|choice| values::closes(object, &json!(choice.value))));
        }
        for (slot, change) in slots() {
            if self.has_two_years(slot.field, change.value)? {
                if !object.can("get") {
                    return Err(values::which_year(slot.field));
                }
                let result =
                    self.lookups(vec![(format!("{}.get", object.name), json!({"id": record.id}))])?;
                let known = result.first().map(|result| &result["record"][&outcome.name]);
                return Ok(known.is_some_and(|value| values::closes(object, value)));
            }
        }
        Ok(false)
    }

    pub(super) fn delete(&self, phrase: Phrase<'_>) -> Outcome {
        if phrase.is_empty() && self.conversation.spoken.is_empty() && self.conversation.looking.is_none() {
            return Ok("Say what to delete, for example **delete deal “Name”**.".to_owned());
        }
        let record = self.record(phrase, &[])?;
        let tool = format!("{}.delete", record.object);
        let result = self.calls(vec![(tool.clone(), json!({"id": record.id}))])?.into_iter().next();
        let result = Self::checked(&tool, result.unwrap_or_default())
            .map_err(|reason| Stop::Say(reason.replacen("That was not done:", "Not deleted:", 1)))?;
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

    /// "we won Acme renewal", "I finished the proposal": the record gets the option with this outcome.
    pub(super) fn settle(&self, outcome: &str, phrase: Phrase<'_>) -> Option<Outcome> {
        let with = |object: &&Object| {
            object.outcomes().is_some_and(|(field, choices)| {
                let mut fitting = choices.iter().filter(|choice| choice.outcome == Some(outcome));
                field.writable && fitting.next().is_some() && fitting.next().is_none()
            })
        };
        let wanted: Vec<&str> = self.updatable().filter(with).map(|object| object.name.as_str()).collect();
        if wanted.is_empty() || phrase.is_empty() {
            return None;
        }
        Some(self.settled(outcome, phrase, &wanted))
    }

    fn settled(&self, outcome: &str, phrase: Phrase<'_>, wanted: &[&str]) -> Outcome {
        let record = self.record(phrase, wanted)?;
        let object = self.catalogue.object(&record.object);
        let Some((field, choices)) = object.and_then(Object::outcomes) else {
            return Ok(self.not_a_change(phrase));
        };
        let Some(choice) = choices.iter().find(|choice| choice.outcome == Some(outcome)) else {
            return Ok(self.not_a_change(phrase));
        };
        let arguments = json!({"id": record.id, &field.name: choice.value});
        let result = self.call(&format!("{}.update", record.object), arguments)?;
        Ok(self.changed(&record, &result))
    }

    fn not_a_change(&self, phrase: Phrase<'_>) -> String {
        if self.updatable().next().is_none() {
            return "I have no permission here to change records: your role or this agent's does not allow it.".to_owned();
        }
        let at = phrase.position(&["to", "as", "into"]);
        let said = at.map(|at| phrase.from(at + 1)).filter(|said| !said.is_empty());
        let options: Vec<&str> = self
            .updatable()
            .flat_map(|object| &object.fields)
            .filter_map(|field| match &field.kind {
                Kind::Select(choices) => Some(choices.iter().map(|choice| choice.label.as_str())),
                _ => None,
            })
            .flatten()
            .collect();
        let denies = phrase.position(&["not", "never", "no"]).is_some();
        let near = said
            .filter(|_| !denies)
            .and_then(|said| Some((said, kontor_core::text::nearest(said.raw(), options)?)));
        if let Some((said, near)) = near {
            return format!(
                "I do not know “{}” here. {}",
                said.raw(),
                ask::rather(&self.sentence.with(said, &lower(near)))
            );
        }
        "I do not see what to change. Say it like **set the amount of “Name” to 20k** or **move it to** and a stage."
            .to_owned()
    }
}
