//! What is to be written, as a field takes it.

use kontor_core::{reading::lean_of, text};
use serde_json::{Map, Value, json};

use super::{
    ask,
    catalogue::{Field, Object, Slot},
    dates::{self, Lean},
    kind::{Choice, Kind},
    numbers,
    query::lower,
    turn::{Interpreter, Stop},
    words::{Phrase, one},
};

impl Interpreter {
    /// The value of a field or of one of its parts in the words of a person.
    pub(super) fn slot_value(
        &self,
        object: &Object,
        slot: Slot<'_>,
        phrase: Phrase<'_>,
    ) -> Result<Value, Stop> {
        let Some(part) = slot.part else { return self.value(object, slot.field, phrase) };
        let phrase = bare(phrase);
        // An empty text empties a part; null would empty the whole field.
        let text = if is_nothing(phrase) { "" } else { phrase.raw() };
        Ok(json!({ &part.name: text }))
    }

    /// The value of a field in the words of a person; `null` clears it.
    pub(super) fn value(&self, object: &Object, field: &Field, phrase: Phrase<'_>) -> Result<Value, Stop> {
        let phrase = bare(phrase);
        let raw = phrase.raw();
        if is_nothing(phrase) {
            return Ok(Value::Null);
        }
        let wrong = |expected: &str| {
            Stop::Say(format!(
                "“{raw}” cannot be the {} of {}: {expected}",
                lower(&field.label),
                one(&object.singular)
            ))
        };
        self.has_clear_year(field, phrase)?;
        match &field.kind {
            Kind::Text => Ok(json!(raw)),
            Kind::Number => {
                let percent = numbers::percent(phrase)?;
                let whole = percent.filter(|sum| sum.words == phrase.len());
                whole.map(|sum| sum.number()).ok_or_else(|| wrong("a number is expected."))
            }
            Kind::Currency => {
                let whole = numbers::sum(phrase)?.filter(|sum| sum.words == phrase.len());
                whole
                    .map(|sum| sum.money())
                    .ok_or_else(|| wrong("an amount such as 20k or 12,500 EUR is expected."))
            }
            Kind::Boolean => {
                numbers::truth(raw).map(Value::Bool).ok_or_else(|| wrong("yes or no is expected."))
            }
            Kind::Date => self
                .day(phrase, self.lean(field))?
                .filter(|(_, words)| *words == phrase.len())
                .map(|(date, _)| json!(date))
                .ok_or_else(|| wrong("a date such as 2026-12-31 or friday is expected.")),
            Kind::DateTime => self
                .moment(phrase, self.lean(field))?
                .filter(|(_, words)| *words == phrase.len())
                .map(|(moment, _)| Value::String(moment))
                .ok_or_else(|| wrong("a date such as tomorrow at 14:30 is expected.")),
            Kind::Select(choices) => match choice(choices, phrase) {
                Some(choice) => Ok(json!(choice.value)),
                None => {
                    let labels: Vec<&str> = choices.iter().map(|choice| choice.label.as_str()).collect();
                    let near = text::nearest(raw, labels.iter().copied());
                    let near = near.map_or(String::new(), |near| {
                        format!(" {}", ask::rather(&self.sentence.with(phrase, &lower(near))))
                    });
                    Err(wrong(&format!("one of {} is expected.{near}", labels.join(", "))))
                }
            },
            Kind::FullName => Ok(full_name(raw)),
            Kind::Contacts => Ok(json!({"primary": raw})),
            Kind::Relation(related) => {
                if field.is_member() && matches!(phrase.at(0), "me" | "myself") {
                    return Ok(json!(self.scene.member.id));
                }
                Ok(json!(self.record(phrase, &[related])?.id))
            }
            Kind::Target(objects) => {
                let objects: Vec<&str> = objects.iter().map(String::as_str).collect();
                let record = self.record(phrase, &objects)?;
                Ok(json!({"object": record.object, "id": record.id}))
            }
            Kind::Composite => by_parts(field, phrase).ok_or_else(|| {
                let parts: Vec<String> =
                    field.parts.iter().map(|part| format!("**{}**", part.name.replace('_', " "))).collect();
                Stop::Say(format!(
                    "The {} of {} has several parts. Say which of them becomes what, for example **set the {} of “Name” to …**. There are: {}.",
                    lower(&field.label),
                    one(&object.singular),
                    field.parts.first().map_or_else(String::new, |part| part.name.replace('_', " ")),
                    parts.join(", ")
                ))
            }),
        }
    }

    /// On which side of today the day of a field lies that is said without its year: what is closed was closed.
    pub(super) fn lean(&self, field: &Field) -> Lean {
        if self.is_closed.get() && is_of_closing(field) { Lean::Behind } else { lean_of(&field.name) }
    }

    /// Whether a day of closing means another one where what it is of is closed, by a year and not by a week.
    pub(super) fn has_two_years(&self, field: &Field, phrase: Phrase<'_>) -> Result<bool, Stop> {
        if !is_of_closing(field) {
            return Ok(false);
        }
        let phrase = bare(phrase);
        let (ahead, behind) = (self.day(phrase, Lean::Ahead)?, self.day(phrase, Lean::Behind)?);
        Ok(matches!((ahead, behind), (Some((ahead, _)), Some((behind, _))) if ahead > behind.plus_days(7)))
    }

    /// Of what is closed a day that comes again within these days has no clear year.
    pub(super) fn has_clear_year(&self, field: &Field, phrase: Phrase<'_>) -> Result<(), Stop> {
        const SOON: i64 = 60;
        if !self.is_closed.get() || !self.has_two_years(field, phrase)? {
            return Ok(());
        }
        match self.day(bare(phrase), Lean::Ahead)? {
            Some((ahead, _)) if ahead <= self.scene.today.plus_days(SOON) => Err(which_year(field)),
            _ => Ok(()),
        }
    }

    /// A day and the words it took.
    pub(super) fn day(
        &self,
        phrase: Phrase<'_>,
        lean: Lean,
    ) -> Result<Option<(kontor_core::time::Date, usize)>, Stop> {
        dates::day(phrase, self.scene.today, lean)
    }

    /// A day with a time, nine in the morning where none is said, and how many words it took.
    pub(super) fn moment(&self, phrase: Phrase<'_>, lean: Lean) -> Result<Option<(String, usize)>, Stop> {
        dates::moment(phrase, self.scene.today, lean, "09:00")
    }
}

fn is_of_closing(field: &Field) -> bool {
    matches!(field.kind, Kind::Date | Kind::DateTime) && field.name.starts_with("clos")
}

/// What is asked where the year of a day cannot be known.
pub(super) fn which_year(field: &Field) -> Stop {
    Stop::Say(format!("Say the {} with its year, for example 2026-11-15.", lower(&field.label)))
}

/// Whether a value of the field with outcomes is that of something closed.
pub(super) fn closes(object: &Object, value: &Value) -> bool {
    object.outcomes().is_some_and(|(_, choices)| {
        let is_closed = |choice: &Choice| choice.outcome.is_some_and(|outcome| outcome != "open");
        choices.iter().any(|choice| value.as_str() == Some(choice.value.as_str()) && is_closed(choice))
    })
}

/// A value without the words around it.
fn bare(phrase: Phrase<'_>) -> Phrase<'_> {
    phrase.skip(&["=", ":", "is"]).trim_end(&[",", ";", "please"])
}

fn is_nothing(phrase: Phrase<'_>) -> bool {
    phrase.len() == 1 && matches!(phrase.at(0), "nothing" | "none" | "empty" | "null" | "blank" | "nobody")
}

/// "city Bonn, street Hauptstr. 1": each part by its name, in any order.
fn by_parts(field: &Field, phrase: Phrase<'_>) -> Option<Value> {
    let part_at = |at: usize| {
        let begins = at == 0 || [",", ";", "and"].contains(&phrase.at(at - 1));
        let here = phrase.from(at);
        let part = field.parts.iter().find(|part| begins && here.matches(&part.phrases) > 0)?;
        Some((part, at, at + here.matches(&part.phrases)))
    };
    let named: Vec<_> = (0..phrase.len()).filter_map(part_at).collect();
    if named.first().is_none_or(|(_, at, _)| *at > 0) {
        return None;
    }
    let ends = named.iter().skip(1).map(|(_, at, _)| *at).chain([phrase.len()]);
    let mut values = Map::new();
    for ((part, _, start), end) in named.iter().zip(ends) {
        let text = phrase.upto(end).from(*start).skip(&["to", "is", "=", ":"]).trim_end(&[",", ";", "and"]);
        values.insert(part.name.clone(), json!(text.raw()));
    }
    Some(Value::Object(values))
}

/// Takes a value into the arguments of a write; false where another stands there already.
pub(super) fn put(arguments: &mut Map<String, Value>, slot: Slot<'_>, value: Value) -> bool {
    let Some(known) = arguments.get_mut(&slot.field.name) else {
        arguments.insert(slot.field.name.clone(), value);
        return true;
    };
    match (known, value) {
        (Value::Object(known), Value::Object(more))
            if slot.part.is_some() && more.keys().all(|part| !known.contains_key(part)) =>
        {
            known.extend(more);
            true
        }
        _ => false,
    }
}

/// The option a whole phrase names, by label or, where only one has it, by outcome.
pub(super) fn choice<'c>(choices: &'c [Choice], phrase: Phrase<'_>) -> Option<&'c Choice> {
    let phrase = phrase.trim_end(&["stage", "status"]);
    if phrase.is_empty() {
        return None;
    }
    let by_name = choices.iter().find(|choice| phrase.matches(&choice.names) == phrase.len());
    by_name.or_else(|| {
        let mut with =
            choices.iter().filter(|choice| choice.outcome == Some(phrase.at(0)) && phrase.len() == 1);
        with.next().filter(|_| with.next().is_none())
    })
}

/// First and last name: the last word is the last name.
pub(super) fn full_name(text: &str) -> Value {
    match text.rsplit_once(' ') {
        Some((first, last)) => json!({"first": first.trim(), "last": last}),
        None => json!({"first": text}),
    }
}
