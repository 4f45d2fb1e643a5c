//! What is to be written, as a field takes it.

use kontor_core::text;
use serde_json::{Value, json};

use super::{
    catalogue::{Choice, Field, Kind, Object},
    dates, numbers,
    query::lower,
    turn::{Interpreter, Stop},
    words::{Phrase, one},
};

impl Interpreter {
    /// The value of a field in the words of a person; `null` clears it.
    pub(super) fn value(&self, object: &Object, field: &Field, phrase: Phrase<'_>) -> Result<Value, Stop> {
        let phrase = phrase.skip(&["=", ":", "is"]).trim_end(&[",", "please"]);
        let raw = phrase.raw();
        if phrase.len() == 1
            && matches!(phrase.at(0), "nothing" | "none" | "empty" | "null" | "blank" | "nobody")
        {
            return Ok(Value::Null);
        }
        let wrong = |expected: &str| {
            Stop::Say(format!(
                "“{raw}” cannot be the {} of {}: {expected}",
                lower(&field.label),
                one(&object.singular)
            ))
        };
        match &field.kind {
            Kind::Text => Ok(json!(raw)),
            Kind::Number => {
                self.whole_sum(phrase).map(|sum| sum.number()).ok_or_else(|| wrong("a number is expected."))
            }
            Kind::Currency => self
                .whole_sum(phrase)
                .map(|sum| sum.money())
                .ok_or_else(|| wrong("an amount such as 20k or 12,500 EUR is expected.")),
            Kind::Boolean => {
                numbers::truth(raw).map(Value::Bool).ok_or_else(|| wrong("yes or no is expected."))
            }
            Kind::Date => self
                .day(phrase)
                .map(|(date, _)| json!(date))
                .ok_or_else(|| wrong("a date such as 2026-12-31 or friday is expected.")),
            Kind::DateTime => self
                .moment(phrase)
                .map(Value::String)
                .ok_or_else(|| wrong("a date such as tomorrow at 14:30 is expected.")),
            Kind::Select(choices) => match choice(choices, phrase) {
                Some(choice) => Ok(json!(choice.value)),
                None => {
                    let labels: Vec<&str> = choices.iter().map(|choice| choice.label.as_str()).collect();
                    let near = text::suggestion(raw, labels.iter().copied());
                    Err(wrong(&format!("one of {} is expected.{near}", labels.join(", "))))
                }
            },
            Kind::FullName => Ok(full_name(raw)),
            Kind::Contacts => Ok(json!({"primary": raw})),
            Kind::Relation(related) => {
                if field.is_member()
                    && matches!(phrase.at(0), "me" | "myself")
                    && let Some((_, id)) = &self.conversation.member
                {
                    return Ok(json!(id));
                }
                let objects: Vec<&str> = related.iter().map(String::as_str).collect();
                Ok(json!(self.record(phrase, &objects)?.id))
            }
            Kind::Target(objects) => {
                let objects: Vec<&str> = objects.iter().map(String::as_str).collect();
                let record = self.record(phrase, &objects)?;
                Ok(json!({"object": record.object, "id": record.id}))
            }
            Kind::Composite => Err(Stop::Say(format!(
                "The {} of {} has several parts, which I cannot write. It can be edited on the record's page.",
                lower(&field.label),
                one(&object.singular)
            ))),
        }
    }

    fn whole_sum(&self, phrase: Phrase<'_>) -> Option<numbers::Sum> {
        numbers::sum(phrase).filter(|sum| sum.words == phrase.len())
    }

    /// A day and the words it took; without a known today only a written date.
    pub(super) fn day(&self, phrase: Phrase<'_>) -> Option<(kontor_core::time::Date, usize)> {
        match self.conversation.today {
            Some(today) => dates::day(phrase, today),
            None => phrase.at(0).parse().ok().map(|date| (date, 1)),
        }
    }

    /// A day with a time; nine in the morning where none is said.
    pub(super) fn moment(&self, phrase: Phrase<'_>) -> Option<String> {
        let (date, words) = self.day(phrase)?;
        let rest = phrase.from(words).skip(&["at", "around"]);
        let time = clock(rest.at(0)).unwrap_or_else(|| "09:00".to_owned());
        Some(format!("{date}T{time}:00Z"))
    }
}

/// `14:30`, `3pm`; `12am` is midnight.
pub(super) fn clock(word: &str) -> Option<String> {
    let (after_noon, before_noon) = (word.strip_suffix("pm"), word.strip_suffix("am"));
    let digits = after_noon.or(before_noon).or_else(|| word.contains(':').then_some(word))?;
    let (hour, minute) = digits.split_once(':').unwrap_or((digits, "0"));
    let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
    let hour = match hour {
        1..12 if after_noon.is_some() => hour + 12,
        12 if before_noon.is_some() => 0,
        hour => hour,
    };
    (hour < 24 && minute < 60).then(|| format!("{hour:02}:{minute:02}"))
}

/// The option a whole phrase names, by label or, where only one has it, by outcome.
pub(super) fn choice<'c>(choices: &'c [Choice], phrase: Phrase<'_>) -> Option<&'c Choice> {
    let phrase = phrase.trim_end(&["stage", "status"]);
    if phrase.is_empty() {
        return None;
    }
    let by_name = choices.iter().find(|choice| phrase.matches(&choice.names) == phrase.len());
    by_name.or_else(|| {
        let mut with = choices
            .iter()
            .filter(|choice| choice.outcome.as_deref() == Some(phrase.at(0)) && phrase.len() == 1);
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

#[cfg(test)]
mod tests {
    use super::clock;

    #[test]
    fn midnight_and_noon_are_told_apart_on_the_clock_of_twelve_hours() {
        for (word, time) in [
            ("12am", "00:00"),
            ("12:30am", "00:30"),
            ("1am", "01:00"),
            ("12pm", "12:00"),
            ("12:05pm", "12:05"),
            ("3pm", "15:00"),
            ("14:30", "14:30"),
        ] {
            assert_eq!(clock(word).as_deref(), Some(time), "{word}");
        }
        for word in ["3", "25:00", "9:75", "am", "noon"] {
            assert_eq!(clock(word), None, "{word}");
        }
    }
}
