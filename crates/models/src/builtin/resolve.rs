//! Which record is meant: by place in the last list, by pronoun, or by name.

use kontor_core::text::{fold, nearest, tokens};
use serde_json::{Value, json};

use super::{
    ask,
    catalogue::Object,
    conversation::{Record, records},
    render,
    schema::Kind,
    turn::{Interpreter, Stop},
    words::{NEGATIONS, Phrase, ordinal, singular},
};

/// The most words of a name that are compared.
const WORDS: usize = 50;
/// The most records of an object that are looked at for a name.
const MOST_FOUND: usize = 20;
/// Words around a name that are not part of it.
const AROUND: [&str; 15] =
    ["the", "of", "for", "on", "with", "to", "a", "an", "about", "at", "in", "from", "record", ":", "that's"];
/// Words beside a name in quotes that say no more than that it is one.
const BESIDE_QUOTES: [&str; 20] = [
    "the", "of", "for", "on", "with", "to", "a", "an", "about", "at", "in", "from", "record", ":", "my",
    "our", "this", "that", "named", "called",
];
/// Words that speak of many records and never begin a record's name before the plural of an object.
const QUANTIFIERS: [&str; 17] = [
    "all",
    "every",
    "each",
    "everything",
    "everyone",
    "everybody",
    "anything",
    "any",
    "some",
    "several",
    "many",
    "most",
    "both",
    "these",
    "those",
    "half",
    "them all",
];

/// How a record is looked for by name.
#[derive(Clone, Copy)]
struct Search<'o> {
    /// Of these objects; of any, where none is given.
    objects: &'o [&'o str],
    is_deleted: bool,
    /// Something is done to the record, so that only its own name is good enough.
    is_strict: bool,
}

enum Reference<'s> {
    /// A place in the last list; `None` is its end.
    Place(Option<usize>),
    It {
        this: bool,
    },
    /// "him", "her": a person.
    Person,
    Name(Phrase<'s>),
    /// More than one.
    Many,
}

impl Interpreter {
    /// The record a phrase names, of one of these objects (any, where none is given), to do something to it.
    /// Looks it up where the conversation does not tell, and asks where several fit or none has that name.
    pub(super) fn record(&self, phrase: Phrase<'_>, wanted: &[&str]) -> Result<Record, Stop> {
        self.record_found(phrase, Search { objects: wanted, is_deleted: false, is_strict: true })
    }

    /// As [`Interpreter::record`], to answer about it: the only one that fits will do.
    pub(super) fn record_to_read(&self, phrase: Phrase<'_>, wanted: &[&str]) -> Result<Record, Stop> {
        self.record_found(phrase, Search { objects: wanted, is_deleted: false, is_strict: false })
    }

    /// As [`Interpreter::record`], looked up among the deleted ones.
    pub(super) fn deleted_record(&self, phrase: Phrase<'_>) -> Result<Record, Stop> {
        self.record_found(phrase, Search { objects: &[], is_deleted: true, is_strict: true })
    }

    fn record_found(&self, phrase: Phrase<'_>, search: Search<'_>) -> Result<Record, Stop> {
        let (reference, object) = self.reference(phrase);
        let objects: Vec<&str> = match &object {
            Some(object) => vec![object.as_str()],
            None => search.objects.to_vec(),
        };
        let search = Search { objects: &objects, ..search };
        let fits = |record: &Record| objects.is_empty() || objects.contains(&record.object.as_str());
        // Where a name stands in quotes, what else stands there has covered itself or is not understood.
        if !phrase.has_quotes() {
            phrase.cover();
        }
        if let Some(chosen) = self.chosen(&reference, &objects) {
            return Ok(chosen);
        }
        match reference {
            Reference::Many => Err(Stop::Say(one_at_a_time(phrase))),
            Reference::Place(place) => self.at_place(place),
            Reference::It { this } => {
                let Some(record) = self.spoken_of(this, fits) else {
                    return Err(Stop::Say(self.ask_which(&objects)));
                };
                match self.conversation.spoken.as_slice() {
                    [.., before, last]
                        if self.conversation.is_aside && !this && last == record && fits(before) =>
                    {
                        Err(Stop::Say(format!(
                            "Do you mean {} or {}? Say it again with its name.",
                            render::link(before),
                            render::link(last)
                        )))
                    }
                    _ => Ok(record.clone()),
                }
            }
            Reference::Person => {
                let record = self.spoken_of(false, |record| fits(record) && self.is_person(record));
                let who = || Stop::Say(format!("I do not know who “{}” is. Say the name.", phrase.raw()));
                record.cloned().ok_or_else(who)
            }
            Reference::Name(name) => self.by_name(name, search),
        }
    }

    /// Whether a record is somebody.
    pub(super) fn is_person(&self, record: &Record) -> bool {
        let label = self.catalogue.object(&record.object).and_then(Object::label_field);
        record.object == "member" || label.is_some_and(|label| label.kind == Kind::FullName)
    }

    /// Whether a phrase is "him" or "her".
    pub(super) fn is_personal(&self, phrase: Phrase<'_>) -> bool {
        matches!(self.reference(phrase).0, Reference::Person)
    }

    /// Whether a phrase points at something shown before instead of naming it.
    pub(super) fn points_back(&self, phrase: Phrase<'_>) -> bool {
        let words = phrase.skip(&AROUND);
        // "the deal" points at one, "deals" at all of them.
        if self.catalogue.named(words).is_some_and(|(_, taken)| taken == words.len()) {
            let last = words.at(words.len() - 1);
            return phrase.at(0) == "the" && singular(last) == last;
        }
        !phrase.is_empty()
            && matches!(
                self.reference(phrase).0,
                Reference::It { .. } | Reference::Person | Reference::Place(_)
            )
    }

    /// Whether a phrase is a word for what was spoken of: "it", "that deal".
    pub(super) fn is_pronoun(&self, phrase: Phrase<'_>) -> bool {
        matches!(self.reference(phrase).0, Reference::It { .. } | Reference::Person)
    }

    /// Whether a phrase speaks of several records: "all deals", "my tasks", "everything".
    pub(super) fn speaks_of_many(&self, phrase: Phrase<'_>) -> bool {
        let words = phrase.skip(&AROUND);
        if words.has_quotes() {
            return false;
        }
        let plural = (0..words.len().min(5)).find(|at| {
            self.catalogue.named(words.from(*at)).is_some_and(|(_, taken)| {
                let noun = words.at(at + taken - 1);
                singular(noun) != noun || noun == "people"
            })
        });
        let quantified = QUANTIFIERS.contains(&words.at(0));
        let alone = words.skip(&["of", "the", "them", "it"]).from(1).is_empty()
            || matches!(words.at(1), "of" | "in" | "from" | "at");
        plural.is_some() || (quantified && (alone || self.catalogue.named(words.from(1)).is_some()))
    }

    fn reference<'s>(&self, phrase: Phrase<'s>) -> (Reference<'s>, Option<String>) {
        let words = phrase.skip(&AROUND).trim_end(&["'s", "record", "please", ",", ":"]);
        if words.is_empty() {
            return (Reference::It { this: false }, None);
        }
        if let Some(at) = (0..words.len()).find(|at| words.is_quoted(*at)) {
            return self.quoted(words, at);
        }
        if self.speaks_of_many(words) {
            return (Reference::Many, None);
        }
        let rest = words.from(1);
        let noun = self.catalogue.named(rest).filter(|(_, taken)| *taken == rest.len());
        let object = noun.map(|(object, _)| object.name.clone());
        let closes =
            rest.is_empty() || matches!(rest.at(0), "one" | "record" | "result" | "row") || noun.is_some();
        match words.at(0) {
            "him" | "her" | "his" | "he" | "she" if closes => return (Reference::Person, object),
            // Of a list that was shown they are all.
            "them" | "their"
                if closes && self.conversation.list.len() > 1 && self.conversation.spoken.is_empty() =>
            {
                return (Reference::Many, object);
            }
            "it" | "its" | "that" | "them" | "their" | "same" if closes => {
                return (Reference::It { this: false }, object);
            }
            "this" if closes => return (Reference::It { this: true }, object),
            "number" | "no" | "row" if rest.len() == 1 => {
                if let Some(place) = ordinal(rest.at(0)) {
                    return (Reference::Place(place), None);
                }
            }
            // "the fifth deal" is one of a list, "5 deals" are as many.
            word if closes
                && noun.is_none_or(|_| singular(rest.at(rest.len() - 1)) == rest.at(rest.len() - 1)) =>
            {
                if let Some(place) = ordinal(word) {
                    return (Reference::Place(place), object);
                }
            }
            _ => {}
        }
        if let Some((object, taken)) = self.catalogue.named(words) {
            let name = words.from(taken).skip(&["named", "called", ":"]);
            let object = Some(object.name.clone());
            return if name.is_empty() {
                (Reference::It { this: false }, object)
            } else {
                (Reference::Name(name), object)
            };
        }
        // "Acme renewal deal": the last word may tell the object.
        let last = words.from(words.len() - 1);
        if words.len() > 1
            && let Some((object, 1)) = self.catalogue.named(last)
        {
            return (Reference::Name(words.upto(words.len() - 1)), Some(object.name.clone()));
        }
        (Reference::Name(words), None)
    }

    /// A name in quotes, and the object that a word beside it tells.
    fn quoted<'s>(&self, words: Phrase<'s>, at: usize) -> (Reference<'s>, Option<String>) {
        let name = words.from(at).upto(1);
        name.cover();
        let mut object = None;
        let mut place = 0;
        while place < words.len() {
            let here = words.from(place);
            let noun = self.catalogue.named(here).filter(|_| place != at);
            let taken = noun.map_or(1, |(_, taken)| taken);
            if let Some((named, _)) = noun {
                object = Some(named.name.clone());
            }
            if noun.is_some() || BESIDE_QUOTES.contains(&here.at(0)) {
                here.upto(taken).cover();
            }
            place += taken;
        }
        (Reference::Name(name), object)
    }

    /// What was answered to "which one", where it fits here.
    fn chosen(&self, reference: &Reference<'_>, objects: &[&str]) -> Option<Record> {
        let fits = |record: &&Record| {
            let object = objects.is_empty() || objects.contains(&record.object.as_str());
            let name = match reference {
                Reference::Name(name) => {
                    let label = tokens(&record.label, WORDS);
                    // Found by another of its fields, a record need not carry the words in its name.
                    let listed = self.conversation.list.contains(record);
                    listed || tokens(name.raw(), WORDS).iter().any(|token| label.contains(token))
                }
                Reference::Many => false,
                Reference::Person => self.is_person(record),
                _ => true,
            };
            object && name
        };
        self.conversation.choices.iter().rev().find(fits).cloned()
    }

    fn at_place(&self, place: Option<usize>) -> Result<Record, Stop> {
        let list = &self.conversation.list;
        let found = match place {
            Some(place) => list.get(place),
            None => list.last(),
        };
        found.cloned().ok_or_else(|| {
            Stop::Say(match list.len() {
                0 => "I have shown no list yet that I could take it from. Ask for one first, or name the record.".to_owned(),
                1 => "The last list has only one record.".to_owned(),
                count => format!("The last list has only {count} records."),
            })
        })
    }

    fn ask_which(&self, objects: &[&str]) -> String {
        let list = &self.conversation.list;
        let fitting =
            list.iter().filter(|record| objects.is_empty() || objects.contains(&record.object.as_str()));
        // Only the whole last list can be asked about, because an answer counts its places.
        if list.len() > 1 && fitting.count() == list.len() {
            return format!("{}\n\n{}", render::mixed_table(&self.catalogue, list), ask::WHICH);
        }
        "I do not know which record you mean. Name it, or ask for a list first.".to_owned()
    }

    fn by_name(&self, name: Phrase<'_>, search: Search<'_>) -> Result<Record, Stop> {
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
            .filter(|object| object.can("find") && object.filters.iter().any(|(name, _)| name == "id"));
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

fn one_at_a_time(phrase: Phrase<'_>) -> String {
    format!(
        "I do that to one record at a time, and “{}” speaks of several. Ask for a list of them, then say which one. A name that reads like this goes in quotes.",
        phrase.raw()
    )
}
