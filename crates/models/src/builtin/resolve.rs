//! Which record is meant: by place in the last list, by pronoun, or by name.

use kontor_core::text::{fold, tokens};
use serde_json::json;

use super::{
    ask,
    conversation::{Record, records},
    render,
    turn::{Interpreter, Stop},
    words::{Phrase, ordinal, singular},
};

/// The most words of a name that are compared.
const WORDS: usize = 50;
/// Words around a name that are not part of it.
const AROUND: [&str; 14] =
    ["the", "of", "for", "on", "with", "to", "a", "an", "about", "at", "in", "from", "record", ":"];

/// How records are found by words, of some objects or of any.
type LookUp = fn(&Interpreter, &str, &[&str]) -> Result<Vec<Record>, Stop>;

enum Reference<'s> {
    /// A place in the last list; `None` is its end.
    Place(Option<usize>),
    It {
        this: bool,
    },
    Name(Phrase<'s>),
}

impl Interpreter {
    /// The record a phrase names, of one of these objects (any, where none is given). Looks it up where the
    /// conversation does not tell, and asks where several fit.
    pub(super) fn record(&self, phrase: Phrase<'_>, wanted: &[&str]) -> Result<Record, Stop> {
        self.record_found(phrase, wanted, Self::look_up, "")
    }

    /// As [`Interpreter::record`], looked up among the deleted ones.
    pub(super) fn deleted_record(&self, phrase: Phrase<'_>) -> Result<Record, Stop> {
        self.record_found(phrase, &[], Self::look_up_deleted, "deleted ")
    }

    /// `of` says in what state the records are that `look_up` finds.
    fn record_found(
        &self,
        phrase: Phrase<'_>,
        wanted: &[&str],
        look_up: LookUp,
        of: &str,
    ) -> Result<Record, Stop> {
        let (reference, object) = self.reference(phrase);
        let objects: Vec<&str> = match &object {
            Some(object) => vec![object.as_str()],
            None => wanted.to_vec(),
        };
        let fits = |record: &&Record| objects.is_empty() || objects.contains(&record.object.as_str());
        if let Some(chosen) = self.chosen(&reference, &objects) {
            return Ok(chosen);
        }
        match reference {
            Reference::Place(place) => self.at_place(place),
            Reference::It { this } => match self.spoken_of(this).filter(fits) {
                Some(record) => Ok(record.clone()),
                None => Err(Stop::Say(self.ask_which(&objects))),
            },
            Reference::Name(name) => self.by_name(name, &objects, look_up, of),
        }
    }

    /// Whether a phrase points at something shown before instead of naming it.
    pub(super) fn points_back(&self, phrase: Phrase<'_>) -> bool {
        let words = phrase.skip(&AROUND);
        // "the deal" points at one, "deals" at all of them.
        if self.catalogue.named(words).is_some_and(|(_, taken)| taken == words.len()) {
            let last = words.at(words.len() - 1);
            return phrase.at(0) == "the" && singular(last) == last;
        }
        !phrase.is_empty() && !matches!(self.reference(phrase).0, Reference::Name(_))
    }

    /// Whether a phrase is a word for what was spoken of: "it", "that deal".
    pub(super) fn is_pronoun(&self, phrase: Phrase<'_>) -> bool {
        matches!(self.reference(phrase).0, Reference::It { .. })
    }

    fn reference<'s>(&self, phrase: Phrase<'s>) -> (Reference<'s>, Option<String>) {
        let words = phrase.skip(&AROUND).trim_end(&["'s", "record", "please", ",", ":"]);
        if words.is_empty() {
            return (Reference::It { this: false }, None);
        }
        let rest = words.from(1);
        let noun = self.catalogue.named(rest).filter(|(_, taken)| *taken == rest.len());
        let object = noun.map(|(object, _)| object.name.clone());
        let closes =
            rest.is_empty() || matches!(rest.at(0), "one" | "record" | "result" | "row") || noun.is_some();
        match words.at(0) {
            "it" | "its" | "that" | "him" | "her" | "them" | "his" | "their" | "same" if closes => {
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

    /// What was chosen when we asked which one, where it fits here.
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

    fn by_name(&self, name: Phrase<'_>, objects: &[&str], look_up: LookUp, of: &str) -> Result<Record, Stop> {
        let wanted = fold(name.raw());
        let known =
            self.conversation.list.iter().chain(&self.conversation.focus).chain(&self.conversation.looking);
        let mut same = known.filter(|record| {
            fold(&record.label) == wanted && (objects.is_empty() || objects.contains(&record.object.as_str()))
        });
        if let Some(first) = same.next()
            && same.all(|other| other.id == first.id)
        {
            return Ok(first.clone());
        }
        let found = look_up(self, name.raw(), objects)?;
        self.pick(found, name.raw(), objects, of)
    }

    /// Records whose texts have these words.
    pub(super) fn look_up(&self, text: &str, objects: &[&str]) -> Result<Vec<Record>, Stop> {
        let one = match objects {
            [one] => self.catalogue.object(one).filter(|object| object.can("find") && object.searchable),
            _ => None,
        };
        let result = match one {
            Some(object) => {
                self.call(&format!("{}.find", object.name), json!({"search": text, "limit": 8}))?
            }
            None if objects.is_empty() => self.call("search", json!({"query": text, "limit": 8}))?,
            None => self.call("search", json!({"query": text, "objects": objects, "limit": 8}))?,
        };
        Ok(records(&result))
    }

    /// Deleted records that have these words.
    fn look_up_deleted(&self, text: &str, objects: &[&str]) -> Result<Vec<Record>, Stop> {
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
        let tools: Vec<String> = calls.iter().map(|(tool, _)| tool.clone()).collect();
        let mut found = Vec::new();
        for (tool, result) in tools.iter().zip(self.calls(calls)?) {
            found.extend(records(&Self::checked(tool, result).map_err(Stop::Say)?));
        }
        Ok(found)
    }

    fn pick(&self, found: Vec<Record>, text: &str, objects: &[&str], of: &str) -> Result<Record, Stop> {
        let what = match objects {
            [one] => self.catalogue.object(one).map_or(*one, |object| object.singular.as_str()),
            _ => "record",
        };
        let wanted = fold(text);
        let mut exact = found.iter().filter(|record| fold(&record.label) == wanted);
        match (exact.next(), exact.next(), found.as_slice()) {
            (Some(only), None, _) | (None, None, [only]) => Ok(only.clone()),
            (_, _, []) => Err(Stop::Say(format!("I found no {of}{what} matching “{text}”."))),
            _ => Err(Stop::Say(format!(
                "I found several {of}records matching “{text}”:\n\n{}\n\n{}",
                render::mixed_table(&self.catalogue, &found),
                ask::WHICH
            ))),
        }
    }
}
