//! Which record is meant: by place in the last list, by pronoun, or by name.

use kontor_core::text::tokens;

use super::{
    ask,
    catalogue::Object,
    conversation::Record,
    kind::Kind,
    named::{Search, WORDS},
    render,
    turn::{Interpreter, Stop},
    words::{Phrase, ordinal, singular},
};

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
}

fn one_at_a_time(phrase: Phrase<'_>) -> String {
    format!(
        "I do that to one record at a time, and “{}” speaks of several. Ask for a list of them, then say which one. A name that reads like this goes in quotes.",
        phrase.raw()
    )
}
