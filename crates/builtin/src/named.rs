//! Which record a name means: found by its words, and asked about where several fit.

use kontor_core::text::{fold, nearest, tokens};
use serde_json::{Value, json};

use super::{
    ask,
    catalogue::Object,
    conversation::{Record, records},
    render,
    turn::{Interpreter, Stop},
    words::{NEGATIONS, Phrase},
};

/// The most words of a name that are compared.
pub(super) const WORDS: usize = 50;
/// The most records of an object that are looked at for a name.
const MOST_FOUND: usize = 20;

/// How a record is looked for by name.
#[derive(Clone, Copy)]
pub(super) struct Search<'o> {
    /// Of these objects; of any, where none is given.
    pub(super) objects: &'o [&'o str],
    pub(super) is_deleted: bool,
    /// Something is done to the record, so that only its own name is good enough.
    pub(super) is_strict: bool,
}

impl Interpreter {
    pub(super) fn by_name(&self, name: Phrase<'_>, search: Search<'_>) -> Result<Record, Stop> {
        if let Some(known) = self.known_by(name.raw(), search.objects) {
            return Ok(known);
        }
        let results = self.look_up(name.raw(), search)?;
        // "move Acme renewal not to lost": the word is part of a name only where a record has just that one.
        if let Some(at) = name.position(&NEGATIONS) {
            let wanted = fold(name.raw());
            let has_it = results.iter().flat_map(records).any(|record| fold(&record.label) == wanted);
            if !has_it {
                return Err(Stop::Say(format!(
                    "I do not understand “{}” here, and I know no {} called “{}”.",
                    name.at(at),
                    self.what(search.objects),
                    name.raw()
                )));
            }
        }
        self.pick(&results, name, search)
    }

    /// The record of this very name that the conversation is about already.
    fn known_by(&self, name: &str, objects: &[&str]) -> Option<Record> {
        let wanted = fold(name);
        let conversation = &self.conversation;
        let known =
            conversation.list.iter().chain(conversation.spoken.iter().rev()).chain(&conversation.looking);
        let mut same = known.filter(|record| {
            fold(&record.label) == wanted && (objects.is_empty() || objects.contains(&record.object.as_str()))
        });
        let first = same.next()?;
        same.all(|other| other.id == first.id).then(|| first.clone())
    }

    /// Records whose texts have these words, to be shown.
    pub(super) fn found_by(&self, text: &str) -> Result<Vec<Record>, Stop> {
        let results = self.look_up(text, Search { objects: &[], is_deleted: false, is_strict: false })?;
        Ok(results.iter().flat_map(records).collect())
    }

    fn look_up(&self, text: &str, search: Search<'_>) -> Result<Vec<Value>, Stop> {
        if search.is_deleted {
            return self.look_up_deleted(text, search.objects);
        }
        let one = match search.objects {
            [one] => self.catalogue.object(one).filter(|object| object.can("find") && object.searchable),
            _ => None,
        };
        let call = match one {
            Some(object) => (format!("{}.find", object.name), json!({"search": text, "limit": 8})),
            None if search.objects.is_empty() => ("search".to_owned(), json!({"query": text, "limit": 8})),
            None => ("search".to_owned(), json!({"query": text, "objects": search.objects, "limit": 8})),
        };
        self.lookups(vec![call])
    }

    /// Deleted records that have these words.
    fn look_up_deleted(&self, text: &str, objects: &[&str]) -> Result<Vec<Value>, Stop> {
        let calls: Vec<_> = self
            .catalogue
            .objects
            .iter()
            .filter(|object| object.finds_deleted && object.searchable)
            .filter(|object| objects.is_empty() || objects.contains(&object.name.as_str()))
            .map(|object| {
                (format!("{}.find", object.name), json!({"search": text, "deleted": true, "limit": 8}))
            })
            .collect();
        if calls.is_empty() {
            return Err(Stop::Say("I have no permission here to restore that.".to_owned()));
        }
        self.lookups(calls)
    }

    fn pick(&self, results: &[Value], name: Phrase<'_>, search: Search<'_>) -> Result<Record, Stop> {
        let found: Vec<Record> = results.iter().flat_map(records).collect();
        let text = name.raw();
        let of = if search.is_deleted { "deleted " } else { "" };
        let mut best = best_named(&found, text);
        // "Petra" may change a person of that name; the task "call Petra back" is not called so.
        if search.is_strict {
            best.retain(|record| self.is_person(record) || is_called(record, text));
        }
        // An address or a telephone number stands in no name, and says as much.
        let is_address = text.contains('@') || text.chars().filter(char::is_ascii_digit).count() > 5;
        match (best.as_slice(), found.as_slice()) {
            ([only], _) => Ok(only.clone()),
            ([], []) => Err(Stop::Say(self.unknown(name, search)?)),
            ([], [only]) if is_address || !search.is_strict => Ok(only.clone()),
            ([], _) => Err(Stop::Say(format!(
                "I know no {of}{} called “{text}”. This comes near it:\n\n{}\n\n{}",
                self.what(search.objects),
                self.choices(&found, results)?,
                ask::WHICH
            ))),
            (several, _) => Err(Stop::Say(format!(
                "I found several {of}records matching “{text}”:\n\n{}\n\n{}",
                self.choices(several, results)?,
                ask::WHICH
            ))),
        }
    }

    /// Records to choose from, with what tells them apart.
    fn choices(&self, found: &[Record], results: &[Value]) -> Result<String, Stop> {
        let object = found
            .first()
            .filter(|first| found.iter().all(|record| record.object == first.object))
            .and_then(|first| self.catalogue.object(&first.object))
            .filter(|object| object.can("find") && object.can_filter("id"));
        let Some(object) = object else { return Ok(render::mixed_table(&self.catalogue, found)) };
        let ids: Vec<&str> = found.iter().map(|record| record.id.as_str()).collect();
        let with_fields = match results {
            [result] if result.get("records").is_some() => result.clone(),
            _ => {
                let arguments = json!({"filter": {"id": {"in": ids}}, "limit": ids.len()});
                let found = self.lookups(vec![(format!("{}.find", object.name), arguments)])?;
                found.into_iter().next().unwrap_or_default()
            }
        };
        let rows = with_fields["records"].as_array().map(Vec::as_slice).unwrap_or_default();
        let rows: Vec<&Value> =
            rows.iter().filter(|row| row["id"].as_str().is_some_and(|id| ids.contains(&id))).collect();
        if rows.len() < found.len() {
            return Ok(render::mixed_table(&self.catalogue, found));
        }
        let shown = json!({"object": object.name, "path": with_fields["path"], "records": rows});
        Ok(render::table(&self.catalogue, &shown, &[], 1))
    }

    fn what(&self, objects: &[&str]) -> String {
        let names: Vec<&str> = objects
            .iter()
            .filter_map(|name| self.catalogue.object(name))
            .map(|object| object.singular.as_str())
            .collect();
        match names.as_slice() {
            [] => "record".to_owned(),
            [one] => (*one).to_owned(),
            [first @ .., last] if names.len() <= 3 => format!("{} or {last}", first.join(", ")),
            _ => "record".to_owned(),
        }
    }

    /// What is said of a name that no record has, with the nearest one that some record has.
    fn unknown(&self, name: Phrase<'_>, search: Search<'_>) -> Result<String, Stop> {
        let of = if search.is_deleted { "deleted " } else { "" };
        let text = name.raw();
        let mut said = format!("I know no {of}{} called “{text}”.", self.what(search.objects));
        let words = tokens(text, WORDS);
        let long: Vec<&String> = words.iter().filter(|word| word.len() > 3).take(3).collect();
        if search.is_deleted || words.len() < 2 || long.is_empty() {
            return Ok(said);
        }
        let mut near: Vec<Record> = Vec::new();
        for word in long {
            near.extend(self.look_up(word, search)?.iter().flat_map(records));
        }
        // A shorter name would leave words of the sentence out.
        near.retain(|record| tokens(&record.label, WORDS).len() >= words.len());
        if let Some(label) = nearest(text, near.iter().map(|record| record.label.as_str())) {
            said.push(' ');
            said.push_str(&ask::rather(&self.sentence.with(name, &format!("\"{label}\""))));
        }
        Ok(said)
    }

    /// The records of these objects that a name stands for: those of exactly this name, else those that have
    /// all its words, else those whose names contain it; the flag says that there are more than were looked at.
    pub(super) fn called(&self, name: &str, objects: &[&str]) -> Result<(Vec<Record>, bool), Stop> {
        if let Some(known) = self.known_by(name, objects) {
            return Ok((vec![known], false));
        }
        let calls: Vec<_> = objects
            .iter()
            .filter_map(|name| self.catalogue.object(name))
            .filter(|object| object.can("find"))
            .filter_map(|object| Some((format!("{}.find", object.name), by_label(object, name)?)))
            .collect();
        let results = self.lookups(calls)?;
        let found: Vec<Record> = results.iter().flat_map(records).collect();
        let has_more = results.iter().any(|result| result["has_more"] == true);
        let best = best_named(&found, name);
        Ok(if best.is_empty() { (found, has_more) } else { (best, false) })
    }

    /// What is said where no record of these objects has a name.
    pub(super) fn knows_none(&self, name: Phrase<'_>, objects: &[&str]) -> Stop {
        match self.unknown(name, Search { objects, is_deleted: false, is_strict: false }) {
            Ok(said) => Stop::Say(said),
            Err(stop) => stop,
        }
    }
}

/// The arguments of a search by name.
fn by_label(object: &Object, name: &str) -> Option<Value> {
    let label = &object.label_field()?.name;
    Some(json!({"filter": {label: {"contains": name}}, "sort": label, "limit": MOST_FOUND}))
}

/// Of some records those of exactly this name, else those that have all its words in theirs.
fn best_named(found: &[Record], name: &str) -> Vec<Record> {
    let wanted = fold(name);
    let exact: Vec<Record> = found.iter().filter(|record| fold(&record.label) == wanted).cloned().collect();
    if !exact.is_empty() {
        return exact;
    }
    let words = tokens(name, WORDS);
    let has_all = |record: &&Record| {
        let label = tokens(&record.label, WORDS);
        !words.is_empty() && words.iter().all(|word| label.contains(word))
    };
    found.iter().filter(has_all).cloned().collect()
}

/// Whether the words of a name begin a record's own, or are most of it.
fn is_called(record: &Record, name: &str) -> bool {
    let (label, words) = (tokens(&record.label, WORDS), tokens(name, WORDS));
    label.starts_with(&words) || 2 * words.len() > label.len()
}
