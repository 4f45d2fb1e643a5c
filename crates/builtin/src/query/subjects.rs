//! Whose records are meant, by a subject and its verb: "did Max win", "does Acme have", "Max owns"; and what
//! records have or lack: "with email", "that have no close date".

use serde_json::json;

use super::{Parser, lower, vocabulary::ENDS};
use crate::{kind::Kind, turn::Stop, words::Phrase};

/// Verbs that say whose records are meant, with the outcome that they say besides.
const VERBS: [(&str, Option<&str>); 19] = [
    ("have", None),
    ("has", None),
    ("had", None),
    ("own", None),
    ("owns", None),
    ("work", None),
    ("working", None),
    ("manage", None),
    ("manages", None),
    ("win", Some("won")),
    ("wins", Some("won")),
    ("won", Some("won")),
    ("lose", Some("lost")),
    ("loses", Some("lost")),
    ("lost", Some("lost")),
    ("close", Some("closed")),
    ("closed", Some("closed")),
    ("finish", Some("closed")),
    ("finished", Some("closed")),
];

impl<'p> Parser<'p> {
    /// "does Acme have", "did Max win".
    pub(super) fn asked_subject(&mut self, phrase: Phrase<'p>) -> Result<Option<usize>, Stop> {
        let words = self.subject_and_verb(phrase.from(1), true)?;
        Ok(words.map(|words| 1 + words))
    }

    /// "Max owns", "Max has won"; 0 where it is none.
    pub(super) fn subject(&mut self, phrase: Phrase<'p>) -> Result<usize, Stop> {
        Ok(self.subject_and_verb(phrase, false)?.unwrap_or(0))
    }

    fn subject_and_verb(&mut self, phrase: Phrase<'p>, is_asked: bool) -> Result<Option<usize>, Stop> {
        const NOBODY: [&str; 9] = ["i", "we", "you", "there", "they", "it", "my", "the", "our"];
        let verb = |at: &usize| VERBS.iter().any(|(verb, _)| *verb == phrase.at(*at));
        let Some(end) = (0..phrase.len().min(6)).find(verb).filter(|end| *end > 0) else { return Ok(None) };
        let subject = phrase.upto(end);
        if NOBODY.contains(&subject.at(0)) || subject.position(&[",", "and", "that", "which"]).is_some() {
            return Ok(None);
        }
        let is_denied = self.negated;
        let words = match self.pointing("of", subject, true) {
            Ok(words) => words,
            // Words that are nobody's name are simply not understood.
            Err(Stop::Say(_)) if !is_asked => None,
            Err(stop) => return Err(stop),
        };
        let Some(words) = words else { return Ok(None) };
        // "deals that Max didn't win" denies the verb, not Max.
        if is_denied {
            return Err(super::unclear_not());
        }
        if words != subject.len() {
            return Ok(Some(words));
        }
        // "has won": the last of the verbs counts.
        let more = VERBS.iter().any(|(verb, _)| *verb == phrase.at(end + 1));
        let last = if more { end + 1 } else { end };
        if let Some((_, Some(outcome))) = VERBS.iter().find(|(verb, _)| *verb == phrase.at(last)) {
            self.outcome(outcome, false);
        }
        let on = usize::from(phrase.at(last) == "working" && phrase.at(last + 1) == "on");
        Ok(Some(last + 1 + on))
    }

    /// "without email", "with no email", "that have no close date", "missing a phone number".
    pub(super) fn lacking(&mut self, phrase: Phrase<'p>) -> Result<Option<usize>, Stop> {
        const WORDS: [&str; 22] = [
            "without",
            "with no",
            "with out",
            "that have no",
            "that has no",
            "who have no",
            "which have no",
            "have no",
            "has no",
            "having no",
            "missing",
            "lacking",
            "no",
            "not having",
            "with missing",
            "that don't have",
            "who don't have",
            "don't have",
            "do not have",
            "that do not have",
            "with an empty",
            "with empty",
        ];
        let Some(said) =
            WORDS.iter().filter_map(|words| phrase.strip(&[words])).min_by_key(|rest| rest.len())
        else {
            return Ok(None);
        };
        let rest = said.skip(&["a", "an", "any", "the"]);
        if let Some((field, words)) = self.object.field_at(rest) {
            self.add(&field.name, json!({"is_empty": true}), format!("without {}", lower(&field.label)));
            let mut taken = phrase.len() - rest.len() + words;
            // "without email and phone" lacks both.
            while matches!(phrase.at(taken), "and" | ",") {
                let next = phrase.from(taken + 1).skip(&["and", "a", "any", "without"]);
                let Some((field, words)) = self
                    .object
                    .field_at(next)
                    .filter(|(_, words)| next.len() == *words || ENDS.contains(&next.at(*words)))
                else {
                    break;
                };
                self.add(&field.name, json!({"is_empty": true}), format!("without {}", lower(&field.label)));
                taken = phrase.len() - next.len() + words;
            }
            return Ok(Some(taken));
        }
        if let Some((lacked, _)) = self.interpreter.catalogue.named(rest) {
            return Err(Stop::Say(format!(
                "I cannot find {} by the {} they lack.",
                self.object.plural, lacked.plural
            )));
        }
        Ok(None)
    }

    /// "with email", "that have a close date", "with a score above 60".
    pub(super) fn having(&mut self, phrase: Phrase<'p>) -> Result<Option<usize>, Stop> {
        const WORDS: [&str; 11] = [
            "with",
            "having",
            "that have",
            "that has",
            "who have",
            "which have",
            "whose",
            "where",
            "have",
            "has",
            "with known",
        ];
        let Some(said) =
            WORDS.iter().filter_map(|words| phrase.strip(&[words])).min_by_key(|rest| rest.len())
        else {
            return Ok(None);
        };
        let rest = said.skip(&["a", "an", "the", "any", "their"]);
        let Some((field, words)) = self.object.field_at(rest) else { return Ok(None) };
        let before = phrase.len() - rest.len();
        let is_bare = rest.len() == words || ENDS.contains(&rest.at(words));
        let is_relation = matches!(field.kind, Kind::Relation(_));
        if is_bare && !matches!(field.kind, Kind::Boolean) && !(is_relation && rest.len() > words) {
            self.add(&field.name, json!({"is_empty": false}), format!("with {}", lower(&field.label)));
            let mut taken = before + words;
            while phrase.at(taken) == "and" {
                let next = phrase.from(taken + 1).skip(&["a", "an", "the"]);
                let Some((field, words)) =
                    self.object.field_at(next).filter(|(_, words)| next.len() == *words)
                else {
                    break;
                };
                self.add(&field.name, json!({"is_empty": false}), format!("with {}", lower(&field.label)));
                taken = phrase.len() - next.len() + words;
            }
            return Ok(Some(taken));
        }
        if is_relation {
            return Ok(None);
        }
        Ok(Some(before + self.field(field, rest, words, true)?))
    }
}
