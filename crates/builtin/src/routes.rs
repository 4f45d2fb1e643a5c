//! Which command a sentence is, by how it begins.

use super::{
    clauses,
    turn::{Interpreter, Outcome},
    words::{Phrase, singular},
};

/// The rest after one of these beginnings, which has its meaning by that.
fn taken<'s>(phrase: Phrase<'s>, beginnings: &[&str]) -> Option<Phrase<'s>> {
    let rest = phrase.strip(beginnings)?;
    phrase.cover_before(rest);
    Some(rest)
}

impl Interpreter {
    /// A question, where it is one that begins as such.
    pub(super) fn reading(&self, phrase: Phrase<'_>) -> Option<Outcome> {
        const MORE: [&str; 10] = [
            "more",
            "next page",
            "next",
            "show more",
            "show me more",
            "continue",
            "go on",
            "next ones",
            "more of them",
            "the rest",
        ];
        if phrase.strip(&MORE).is_some_and(Phrase::is_empty) {
            phrase.cover();
            return Some(self.more());
        }
        const HISTORY: [&str; 15] = [
            "what changed",
            "what has changed",
            "what 's changed",
            "what happened",
            "what has happened",
            "show me the history",
            "show the history",
            "show history",
            "show the timeline",
            "show timeline",
            "show changes",
            "history",
            "timeline",
            "changes",
            "what 's new with",
        ];
        if let Some(rest) = taken(phrase, &HISTORY) {
            return Some(self.history(rest));
        }
        if let Some(outcome) = self.pipeline(phrase) {
            return Some(outcome);
        }
        if let Some(outcome) = self.agenda(phrase).or_else(|| self.people_at(phrase)) {
            return Some(outcome);
        }
        // "how many employees does Acme have" asks for a field, "how many deals does Acme have" for a count.
        if let Some(rest) = phrase.strip(&["how many"])
            && self.catalogue.named(rest.skip(&["open", "won", "lost", "new"])).is_none()
            && let Some(outcome) = self.one_field(phrase)
        {
            return Some(outcome);
        }
        const COUNT: [&str; 10] = [
            "how many",
            "count",
            "number of",
            "show the number of",
            "show me the number of",
            "what is the number of",
            "what 's the number of",
            "the number of",
            "give me the number of",
            "count of",
        ];
        if let Some(rest) = phrase.strip(&["group"])
            && rest.position(&["by", "per"]).is_some()
        {
            phrase.cover_before(rest);
            return Some(self.count(rest));
        }
        if let Some(rest) = taken(phrase, &COUNT) {
            return Some(self.count(rest));
        }
        if phrase.at(0) == "how"
            && let Some(outcome) = self.one_field(phrase)
        {
            return Some(outcome);
        }
        if let Some(rest) = taken(phrase, &["how much", "what is the value of", "what 's the value of"]) {
            return Some(self.total(rest, "sum"));
        }
        // "value of open deals by owner"
        if let Some(rest) = phrase.strip(&["value of", "amount of", "worth of"])
            && self.speaks_of_many(rest)
        {
            phrase.cover_before(rest);
            return Some(self.total(rest, "sum"));
        }
        if let Some((function, rest)) = self.reckoning(phrase) {
            phrase.cover_before(rest);
            return Some(self.total(rest, function));
        }
        self.one_field(phrase)
    }

    /// "total …", "the average …", "what is the largest amount of …": what to reckon, and of what. A superlative
    /// without a number that it is of ("the largest deals") asks for records instead.
    fn reckoning<'s>(&self, phrase: Phrase<'s>) -> Option<(&'static str, Phrase<'s>)> {
        const VERBS: [&str; 6] = ["what is", "what are", "what 's", "show", "give me", "tell me"];
        let phrase = phrase.strip(&VERBS).unwrap_or(phrase);
        let phrase = phrase.skip(&["me", "the", "our", "my"]);
        let rest = phrase.from(1);
        let function = match phrase.at(0) {
            "total" | "sum" => return Some(("sum", rest)),
            "average" | "avg" | "mean" => return Some(("avg", rest)),
            "maximum" | "max" if self.names_number(rest) => return Some(("max", rest)),
            "minimum" | "min" if self.names_number(rest) => return Some(("min", rest)),
            "largest" | "biggest" | "highest" | "greatest" => "max",
            "smallest" | "lowest" | "least" => "min",
            _ => return None,
        };
        self.names_number(rest).then_some((function, rest))
    }

    /// What creates, changes, logs or deletes.
    pub(super) fn writing(&self, phrase: Phrase<'_>) -> Option<Outcome> {
        if let Some(rest) =
            taken(phrase, &["remind me to", "remind me", "remember to", "don't let me forget to"])
        {
            return Some(self.remind(rest));
        }
        const NOTE: [&str; 11] = [
            "note that",
            "note",
            "add a note",
            "add note",
            "write a note",
            "leave a note",
            "create a note",
            "take a note",
            "make a note",
            "new note",
            "put a note",
        ];
        if let Some(rest) = taken(phrase, &NOTE) {
            return Some(self.note(rest));
        }
        const LOG: [&str; 10] = [
            "log",
            "logged",
            "record",
            "i had",
            "we had",
            "had",
            "i just had",
            "just had",
            "i've had",
            "we just had",
        ];
        if let Some(rest) = taken(phrase, &LOG) {
            return Some(self.log(rest));
        }
        let spoken = phrase.skip(&["i", "we", "just", "have", "i've", "we've", "'ve"]);
        if let Some(outcome) = self.log_by_verb(spoken) {
            phrase.cover_before(spoken);
            return Some(outcome);
        }
        if let Some(outcome) = self.settling(phrase) {
            return Some(outcome);
        }
        if let Some(rest) =
            taken(phrase, &["create", "add", "make a", "make an", "make me a", "enter", "register"])
        {
            return Some(self.create(rest));
        }
        // "new deal Acme" makes one, "new deals this week" asks for some.
        if let Some(rest) = phrase.strip(&["new"])
            && self
                .catalogue
                .named(rest)
                .is_some_and(|(_, words)| singular(rest.at(words - 1)) == rest.at(words - 1))
        {
            phrase.cover_before(rest);
            return Some(self.create(rest));
        }
        if matches!(phrase.at(0), "increase" | "raise" | "reduce" | "lower" | "decrease")
            && phrase.position(&["by"]).is_some()
        {
            return Some(Ok(
                "I set an amount and do not add to it: say **set the amount of “Name” to 20k**.".to_owned(),
            ));
        }
        if let Some(rest) = taken(phrase, &["todo :", "to-do :", "task :", "reminder :"]) {
            return Some(self.remind(rest));
        }
        if let Some((verb, rest)) = clauses::verb(phrase) {
            phrase.cover_before(rest);
            return Some(self.update(verb, rest));
        }
        if let Some(rest) = taken(phrase, &["delete", "remove", "erase", "throw away"]) {
            return Some(self.delete(rest));
        }
        taken(phrase, &["restore", "undelete", "recover", "bring back"]).map(|rest| self.restore(rest))
    }

    /// "we won Acme renewal", "I finished the proposal", "Acme renewal is lost".
    fn settling(&self, phrase: Phrase<'_>) -> Option<Outcome> {
        const BEGINNINGS: [(&str, &[&str]); 3] = [
            (
                "won",
                &[
                    "we won",
                    "i won",
                    "we just won",
                    "we have won",
                    "i have won",
                    "just won",
                    "we've won",
                    "i've won",
                ],
            ),
            (
                "lost",
                &[
                    "we lost",
                    "i lost",
                    "we just lost",
                    "we have lost",
                    "just lost",
                    "we've lost",
                    "i've lost",
                ],
            ),
            (
                "done",
                &[
                    "i finished",
                    "i have finished",
                    "i've finished",
                    "finished",
                    "i am done with",
                    "i'm done with",
                    "done with",
                    "i completed",
                    "complete",
                    "finish",
                    "i did",
                    "tick off",
                    "check off",
                ],
            ),
        ];
        for (outcome, beginnings) in BEGINNINGS {
            if let Some(rest) = phrase.strip(beginnings) {
                // "finished tasks" asks for some.
                if outcome == "done" && phrase.len() == rest.len() + 1 && self.speaks_of_many(rest) {
                    return None;
                }
                phrase.cover_before(rest);
                return self.settle(outcome, rest);
            }
        }
        const QUESTIONS: [&str; 10] =
            ["what", "which", "who", "how", "when", "where", "why", "is", "show", "list"];
        let end = phrase.len().checked_sub(2)?;
        let outcome = ["won", "lost", "done"].into_iter().find(|outcome| phrase.at(end + 1) == *outcome)?;
        let says = matches!(phrase.at(end), "is" | "was" | "'s") && end > 0;
        if !says || QUESTIONS.contains(&phrase.at(0)) || self.speaks_of_many(phrase.upto(end)) {
            return None;
        }
        phrase.from(end).cover();
        self.settle(outcome, phrase.upto(end))
    }

    /// What is to be shown, also without a verb.
    pub(super) fn showing(&self, phrase: Phrase<'_>) -> Option<Outcome> {
        // Those of the second kind ask for records of a kind and never for one by its name alone.
        const BY_NAME: [&str; 23] = [
            "what do we know about",
            "what do you know about",
            "who 's",
            "how about",
            "show",
            "list",
            "find",
            "get",
            "display",
            "search for",
            "search",
            "look up",
            "look for",
            "give me",
            "view",
            "see",
            "who is",
            "who are",
            "tell me about",
            "what about",
            "pull up",
            "bring up",
            "do we know",
        ];
        const OTHERS: [&str; 10] = [
            "what 's",
            "which",
            "what are",
            "what is",
            "what",
            "who",
            "do we have any",
            "do i have any",
            "are there any",
            "do we have",
        ];
        if let Some(rest) = taken(phrase, &BY_NAME) {
            return Some(self.show(rest, true));
        }
        if let Some(rest) = taken(phrase, &OTHERS) {
            return Some(self.show(rest, false));
        }
        let opens_one = |rest: Phrase<'_>| {
            let named = rest.skip(&["the"]);
            self.catalogue.named(named).is_some_and(|(_, words)| {
                named.len() > words && singular(named.at(words - 1)) == named.at(words - 1)
            })
        };
        if let Some(rest) = phrase.strip(&["open"])
            && (opens_one(rest) || self.points_back(rest) || self.catalogue.first_named(rest).is_none())
            && !rest.is_empty()
        {
            phrase.cover_before(rest);
            return Some(self.show(rest, true));
        }
        let lists = self.catalogue.first_named(phrase).is_some()
            || self.points_back(phrase)
            || self.object_with_option(phrase).is_some()
            || self.object_meant(phrase).is_some();
        if lists {
            return Some(self.show(phrase, false));
        }
        let may_be_name =
            (1..=4).contains(&phrase.len()) && self.catalogue.has("search") && phrase.left().len() == 1;
        may_be_name.then(|| self.bare_name(phrase))
    }
}
