//! Reading a sentence as changes: which fields of which record become what.

use super::{
    catalogue::{Object, Slot},
    dates,
    kind::Kind,
    numbers,
    turn::Interpreter,
    values,
    words::Phrase,
};

/// What stands between what is changed and its new value.
const SEPARATORS: [&str; 6] = ["to", "as", "into", "=", ":", "in"];
/// The same without the one that also stands within names of fields and records.
const BEFORE_VALUE: [&str; 5] = ["to", "as", "into", "=", ":"];
/// What stands between two changes of one sentence.
const JOINTS: [&str; 3] = [",", ";", "and"];
/// Words before a further change that say nothing.
const LEADING: [&str; 7] = ["and", ",", ";", "also", "then", "please", "now"];
/// Words that only hold the parts of a change together.
pub(super) const STRUCTURE: [&str; 31] = [
    "to", "as", "into", "=", ":", "in", "the", "of", "for", "on", "and", ",", ";", "also", "then", "its",
    "his", "her", "their", "with", "from", "set", "change", "update", "move", "assign", "mark", "rename",
    "put", "stage", "status",
];
/// Words before a field that is named.
const BEFORE_FIELD: [&str; 6] = ["the", "its", "his", "her", "their", "with"];

/// How a change begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    /// "set the amount to 20k": a field is named.
    Set,
    /// "move it to negotiation": the value tells the field.
    Move,
    Rename,
    Assign,
}

/// The verb of a change at the head of a phrase, and what follows it.
pub(super) fn verb(phrase: Phrase<'_>) -> Option<(Verb, Phrase<'_>)> {
    let verbs: [(Verb, &[&str]); 4] = [
        (Verb::Rename, &["rename"]),
        (Verb::Assign, &["assign", "reassign", "hand over", "hand", "give", "transfer"]),
        (
            Verb::Set,
            &["set", "change", "update", "edit", "make", "increase", "raise", "reduce", "lower", "correct"],
        ),
        (
            Verb::Move,
            &[
                "move", "mark", "put", "push", "advance", "close", "flag", "promote", "shift", "postpone",
                "delay", "bring",
            ],
        ),
    ];
    let found = verbs.iter().find_map(|(verb, words)| Some((*verb, phrase.strip(words)?)));
    found.filter(|(verb, rest)| *verb != Verb::Assign || rest.at(0) != "me")
}

/// One field's change as it was said.
#[derive(Clone, Copy)]
pub(super) struct Change<'s> {
    what: What<'s>,
    pub(super) record: Phrase<'s>,
    pub(super) value: Phrase<'s>,
}

#[derive(Clone, Copy)]
enum What<'s> {
    /// A field, or a part of one, by its name.
    Named(Phrase<'s>),
    /// The field that has the option which is the value.
    Option,
    /// What a record is called.
    Label,
    /// Who looks after it.
    Owner,
}

impl Change<'_> {
    /// The name of what is changed has a meaning; the record and the value have theirs once they are found.
    pub(super) fn cover_name(&self) {
        if let What::Named(name) = self.what {
            name.cover();
        }
    }

    /// The fields of an object that this can be about: several where the name is not clear.
    pub(super) fn slots<'o>(&self, object: &'o Object) -> Vec<Slot<'o>> {
        let fields = || object.fields.iter().filter(|field| field.writable);
        let one = |field| vec![Slot { field, part: None }];
        match self.what {
            What::Named(name) => object.slots_at(name).0,
            What::Option => fields()
                .find(|field| match &field.kind {
                    Kind::Select(choices) => values::choice(choices, self.value).is_some(),
                    _ => false,
                })
                .map_or_else(Vec::new, one),
            What::Label => object.label_field().filter(|field| field.writable).map_or_else(Vec::new, one),
            What::Owner => fields().find(|field| field.is_member()).map_or_else(Vec::new, one),
        }
    }
}

impl Interpreter {
    /// The changes that a sentence says, its first verb taken away; none where it says no change.
    pub(super) fn changes<'s>(&self, first: Verb, phrase: Phrase<'s>) -> Vec<Change<'s>> {
        let mut starts = vec![(first, phrase, 0)];
        for at in 0..phrase.len() {
            if !JOINTS.contains(&phrase.at(at)) {
                continue;
            }
            let rest = phrase.from(at).skip(&LEADING);
            if let Some((verb, rest)) = self.further(rest) {
                starts.push((verb, rest, at));
            }
        }
        let ends = starts.iter().skip(1).map(|(.., at)| *at).chain([phrase.len()]).collect::<Vec<_>>();
        let mut changes = Vec::new();
        for ((verb, rest, _), end) in starts.iter().zip(ends) {
            // What stands behind a joint was read to the end of the sentence.
            let surplus = phrase.len() - end;
            let Some(change) = self.change(*verb, rest.upto(rest.len().saturating_sub(surplus))) else {
                return Vec::new();
            };
            changes.push(change);
        }
        changes
    }

    /// Whether what follows a joint is a change of its own and no part of the value before: it names a field
    /// and says what becomes of it.
    fn further<'s>(&self, phrase: Phrase<'s>) -> Option<(Verb, Phrase<'s>)> {
        // "close date" begins like "close it".
        if let Some((verb, rest)) = verb(phrase)
            && self.change(verb, rest).is_some_and(|change| !change.value.is_empty())
        {
            return Some((verb, rest));
        }
        let named = phrase.skip(&BEFORE_FIELD);
        let says = self.updatable().any(|object| {
            let (slots, words) = object.slots_at(named);
            let rest = named.from(words);
            let separated = BEFORE_VALUE.contains(&rest.at(0))
                || (matches!(rest.at(0), "of" | "for") && rest.position(&BEFORE_VALUE).is_some());
            slots.iter().any(|slot| separated || self.begins_with_value(*slot, rest))
        });
        says.then_some((Verb::Set, phrase))
    }

    /// Whether a value that only this kind of field has stands at the head.
    fn begins_with_value(&self, slot: Slot<'_>, phrase: Phrase<'_>) -> bool {
        match &slot.field.kind {
            _ if slot.part.is_some() => false,
            Kind::Number | Kind::Currency => numbers::is_sum(phrase),
            Kind::Date | Kind::DateTime => dates::is_period(phrase, self.scene.today),
            Kind::Boolean => numbers::truth(phrase.at(0)).is_some(),
            Kind::Select(choices) => choices.iter().any(|choice| phrase.matches(&choice.names) > 0),
            _ => false,
        }
    }

    fn change<'s>(&self, verb: Verb, phrase: Phrase<'s>) -> Option<Change<'s>> {
        match verb {
            Verb::Set => self.by_field(phrase).or_else(|| self.by_option(phrase)),
            Verb::Move => self.by_option(phrase).or_else(|| self.by_field(phrase)),
            Verb::Rename => Some(parted(What::Label, phrase, phrase.position(&["to", "as", ":"]))),
            Verb::Assign => {
                let at = (0..phrase.len()).rev().find(|at| phrase.at(*at) == "to");
                Some(parted(What::Owner, phrase, at))
            }
        }
    }

    /// "the amount of Acme renewal to 20k", "its close date to friday", "the second one's stage negotiation",
    /// "the amount to 20k for Acme renewal".
    fn by_field<'s>(&self, phrase: Phrase<'s>) -> Option<Change<'s>> {
        let first = phrase.position(&BEFORE_VALUE);
        let (slot, at, words) = self.named_field(phrase.upto(first.unwrap_or(phrase.len())))?;
        let what = What::Named(phrase.from(at).upto(words));
        let is_text =
            slot.part.is_some() || matches!(slot.field.kind, Kind::Text | Kind::FullName | Kind::Composite);
        let after = at + words;
        let mut separators = (after..phrase.len()).filter(|at| BEFORE_VALUE.contains(&phrase.at(*at)));
        let separator = if is_text { separators.next() } else { separators.next_back() };
        let before = phrase.upto(at).skip(&["the", "of", "for", "on"]);
        let Some(separator) = separator else {
            // "its amount 20k" has no separator, "the amount of Acme" no value.
            let rest = phrase.from(after);
            let names_record = matches!(rest.at(0), "of" | "for" | "on");
            let (record, value) = if names_record { (rest, rest.from(rest.len())) } else { (before, rest) };
            return Some(Change { what, record, value });
        };
        let between = phrase.from(after).upto(separator - after);
        let mut record = if between.is_empty() { before } else { between };
        let mut value = phrase.from(separator + 1);
        if record.is_empty()
            && !is_text
            && let Some(at) = (1..value.len()).find(|at| matches!(value.at(*at), "for" | "of" | "on"))
        {
            record = value.from(at);
            value = value.upto(at);
        }
        Some(Change { what, record, value })
    }

    /// "the second one to negotiation", "it as won", "it won".
    fn by_option<'s>(&self, phrase: Phrase<'s>) -> Option<Change<'s>> {
        let is_option = |value: Phrase<'_>| {
            self.updatable().flat_map(|object| object.fields.iter()).any(|field| match &field.kind {
                Kind::Select(choices) => values::choice(choices, value.skip(&["the"])).is_some(),
                _ => false,
            })
        };
        let separators = (0..phrase.len()).rev().filter(|at| SEPARATORS.contains(&phrase.at(*at)));
        for at in separators {
            let value = phrase.from(at + 1).skip(&["the"]);
            if !value.is_empty() && is_option(value) {
                return Some(Change { what: What::Option, record: phrase.upto(at), value });
            }
        }
        // "as not done" is no option.
        let is_denied = |at: usize| matches!(phrase.at(at - 1), "not" | "never" | "as" | "to" | "into");
        (1..phrase.len())
            .find(|at| is_option(phrase.from(*at)))
            .filter(|at| !is_denied(*at))
            .map(|at| Change { what: What::Option, record: phrase.upto(at), value: phrase.from(at) })
    }

    /// The field with the longest name in a phrase: of the object named there, else of the one spoken of, else
    /// of any.
    fn named_field(&self, phrase: Phrase<'_>) -> Option<(Slot<'_>, usize, usize)> {
        let spoken = self
            .spoken_of(false, |record| {
                self.catalogue
                    .object(&record.object)
                    .is_some_and(|object| (0..phrase.len()).any(|at| object.slots_at(phrase.from(at)).1 > 0))
            })
            .or(self.conversation.list.first())
            .map(|record| record.object.as_str());
        let named = self.catalogue.first_named(phrase).map(|(object, ..)| object.name.as_str());
        let places = self.updatable().flat_map(|object| {
            (0..phrase.len()).filter_map(move |at| {
                let (slots, words) = object.slots_at(phrase.from(at));
                Some((object, (*slots.first()?, at, words)))
            })
        });
        // "last name" is a person's, whatever else has a name and was spoken of.
        let found = places.max_by_key(|(object, (_, at, words))| {
            let name = Some(object.name.as_str());
            (*words, name == named, name == spoken, std::cmp::Reverse(*at))
        });
        found.map(|(_, place)| place)
    }

    pub(super) fn updatable(&self) -> impl Iterator<Item = &Object> {
        self.catalogue.objects.iter().filter(|object| object.can("update"))
    }
}

/// What is changed before a separator, and its value behind it.
fn parted<'s>(what: What<'s>, phrase: Phrase<'s>, at: Option<usize>) -> Change<'s> {
    let at = at.unwrap_or(phrase.len());
    Change { what, record: phrase.upto(at), value: phrase.from(at + 1) }
}
