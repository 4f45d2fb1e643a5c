//! Logging what happened: calls, meetings, emails, notes.

use kontor_core::text::excerpt;
use serde_json::{Map, Value, json};

use super::{
    ask,
    catalogue::LogOperation,
    conversation::single,
    create::{body_field, name_value},
    dates::{self, Lean},
    kind::{Choice, Kind},
    query::lower,
    render,
    turn::{Interpreter, Outcome, Stop},
    words::{Phrase, one, stem},
};

/// The longest subject; a longer text also becomes the body.
const SUBJECT: usize = 100;

impl Interpreter {
    /// "log a call with …: …", with the verb taken away.
    pub(super) fn log(&self, phrase: Phrase<'_>) -> Outcome {
        let rest = phrase
            .skip(&["a", "an", "the", "my", "that", "i", "had", "new", "just", "short", "quick", "good"]);
        phrase.cover_before(rest);
        let phrase = rest;
        if phrase.at(0) == "note" {
            phrase.upto(1).cover();
            return self.note(phrase.from(1));
        }
        let Some(tool) = &self.catalogue.log else {
            return Ok("I have no tool here to log activities.".to_owned());
        };
        let kind =
            tool.kinds.iter().map(|kind| (kind, phrase.matches(&kind.names))).find(|(_, words)| *words > 0);
        match kind {
            Some((kind, words)) => {
                phrase.upto(words).cover();
                self.log_kind(tool, kind, phrase.from(words))
            }
            None => {
                let kinds: Vec<String> = tool.kinds.iter().map(|kind| lower(&kind.label)).collect();
                Ok(format!(
                    "Say what to log: {} or note, for example **log {} with “Name”: what was said**.",
                    kinds.join(", "),
                    one(kinds.first().map_or("call", String::as_str))
                ))
            }
        }
    }

    /// "called …: …", "met …: …"; `None` where the verb is no kind of activity.
    pub(super) fn log_by_verb(&self, phrase: Phrase<'_>) -> Option<Outcome> {
        let tool = self.catalogue.log.as_ref()?;
        let verb = if phrase.at(0) == "met" { "meet" } else { phrase.at(0) };
        if !verb.ends_with("ed") && verb != "meet" {
            return None;
        }
        let kind = tool
            .kinds
            .iter()
            .find(|kind| kind.names.iter().any(|name| name.len() == 1 && stem(&name[0]) == stem(verb)))?;
        phrase.upto(1).cover();
        Some(self.log_kind(tool, kind, phrase.from(1)))
    }

    fn log_kind(&self, tool: &LogOperation, kind: &Choice, phrase: Phrase<'_>) -> Outcome {
        let (whom, text) = split(phrase);
        phrase.from(whom.len()).cover();
        let (whom, happened) = self.without_day(whom)?;
        if text.is_empty() {
            return Ok(ask::WHAT_ABOUT.to_owned());
        }
        if !tool.also_needed.is_empty() {
            return Ok(self.ask_for_more(kind, &tool.also_needed));
        }
        let targets: Vec<&str> = tool.targets.iter().map(String::as_str).collect();
        let record = self.record(whom, &targets)?;
        let mut arguments = Map::new();
        arguments.insert("type".to_owned(), json!(kind.value));
        arguments.insert("subject".to_owned(), json!(excerpt(text, SUBJECT)));
        if text.chars().count() > SUBJECT {
            arguments.insert("body".to_owned(), json!(text));
        }
        if let Some(happened) = happened {
            arguments.insert("happened_at".to_owned(), json!(happened));
        }
        arguments.insert("target".to_owned(), json!({"object": record.object, "id": record.id}));
        let result = self.call("activity.log", Value::Object(arguments))?;
        let logged = single(&result).map_or_else(|| "it".to_owned(), |record| render::link(&record));
        Ok(format!("Logged {} with {}: {logged}.", one(&lower(&kind.label)), render::link(&record)))
    }

    /// A sentence about an activity has no place for what this workspace asks of one; creating one has.
    fn ask_for_more(&self, kind: &Choice, needed: &[String]) -> String {
        let labels: Vec<_> =
            needed.iter().map(|name| lower(&render::label_of(&self.catalogue, "activity", name))).collect();
        let more: String = labels.iter().map(|label| format!(", {label} …")).collect();
        format!(
            "Logging {} also needs: {}. Say it with it, for example **create activity “What it was about”, \
             type {}{more}, for “Name”**.",
            one(&lower(&kind.label)),
            labels.join(", "),
            lower(&kind.label),
        )
    }

    /// "note on …: …", with "note" taken away.
    pub(super) fn note(&self, phrase: Phrase<'_>) -> Outcome {
        let note = self.catalogue.object("note").filter(|note| note.can("create"));
        let Some(note) = note else { return Ok("I have no tool here to write notes.".to_owned()) };
        let (whom, text) = split(phrase);
        if text.is_empty() {
            return Ok(ask::WHAT_TEXT.to_owned());
        }
        phrase.from(whom.len()).cover();
        let mut values = Map::new();
        if let Some(label) = note.label_field() {
            values.insert(label.name.clone(), name_value(label, &excerpt(text, SUBJECT)));
        }
        if let Some(body) = body_field(note) {
            values.insert(body.name.clone(), json!(text));
        }
        let target = note.fields.iter().find_map(|field| match &field.kind {
            Kind::Target(objects) if field.writable => Some((field, objects)),
            _ => None,
        });
        let mut about = String::new();
        if let Some((field, objects)) = target {
            let objects: Vec<&str> = objects.iter().map(String::as_str).collect();
            let record = self.record(whom, &objects)?;
            values.insert(field.name.clone(), json!({"object": record.object, "id": record.id}));
            about = format!(" on {}", render::link(&record));
        }
        let result = self.call("note.create", Value::Object(values))?;
        let written = single(&result).map_or_else(|| "it".to_owned(), |record| render::link(&record));
        Ok(format!("Noted{about}: {written}."))
    }

    /// The same without a day at its end, and that day at noon; none for today, which is the default.
    fn without_day<'s>(&self, phrase: Phrase<'s>) -> Result<(Phrase<'s>, Option<String>), Stop> {
        let today = self.scene.today;
        for at in 0..phrase.len() {
            let when = phrase.from(at);
            // What is logged has happened, so a weekday is the last one.
            if let Some((moment, words)) = dates::moment(when, today, Lean::Behind, "12:00")?
                && words == when.len()
            {
                if moment.get(..10).is_some_and(|day| day > today.to_string().as_str()) {
                    return Err(Stop::Say(
                        "That day is still to come, and I log what took place. **remind me to …** makes a task."
                            .to_owned(),
                    ));
                }
                when.cover();
                let is_default = moment == format!("{today}T12:00");
                return Ok((phrase.upto(at), Some(moment).filter(|_| !is_default)));
            }
        }
        Ok((phrase, None))
    }
}

/// With whom, and what: at the colon, else where the text announces itself.
fn split(phrase: Phrase<'_>) -> (Phrase<'_>, &str) {
    let at =
        phrase.position(&[":"]).or_else(|| phrase.position(&["about", "regarding", "saying", "that", ","]));
    match at {
        Some(at) => (phrase.upto(at), phrase.from(at + 1).raw_to_end()),
        None => (phrase, ""),
    }
}
