//! Options and outcomes, and what a "not" before them is about.

use serde_json::{Value, json};

use super::{Parser, lower, unclear_not, vocabulary::GRAMMAR};
use crate::{
    catalogue::Field,
    dates,
    kind::{Choice, Kind},
    turn::Stop,
    words::Phrase,
};

/// What a "not" was about, which goes on behind "or" and "and".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Denied {
    /// An option of this field.
    Option(String),
    Outcome,
    /// What does not go on.
    Alone,
}

impl<'p> Parser<'p> {
    /// The option at the head, where one field alone has it; the one with outcomes counts before others.
    pub(super) fn option_of_one(
        &self,
        phrase: Phrase<'p>,
    ) -> Result<Option<(&'p Field, &'p Choice, usize)>, Stop> {
        let all = self.object.options_at(phrase);
        let outcome = all.iter().find(|(field, ..)| self.is_outcome_field(field));
        match (all.as_slice(), outcome) {
            ([], _) => Ok(None),
            ([only], _) => Ok(Some(*only)),
            (_, Some(outcome)) => Ok(Some(*outcome)),
            ([first, ..], None) => {
                let fields: Vec<String> =
                    all.iter().map(|(field, ..)| format!("**{}**", lower(&field.label))).collect();
                Err(Stop::Say(format!(
                    "“{}” can be the {} of {}. Say which.",
                    first.1.label,
                    fields.join(" or the "),
                    self.object.plural
                )))
            }
        }
    }

    pub(super) fn is_outcome_field(&self, field: &Field) -> bool {
        self.object.outcomes().is_some_and(|(known, _)| known.name == field.name)
    }

    /// "not in proposal or negotiation", "excluding lead and qualified": what was denied goes on behind a joint; how
    /// many words say no more than that. A condition behind it that may or may not be denied is not understood.
    pub(super) fn denied_on(&mut self, denied: Denied, phrase: Phrase<'p>) -> Result<usize, Stop> {
        const JOINTS: [&str; 6] = [",", "and", "or", "nor", "&", "/"];
        let joined = phrase.skip(&JOINTS);
        let next = joined.skip(&["in", "the"]);
        let word = next.at(0);
        let is_outcome = self.object.outcomes().is_some() && outcome_word(word).is_some();
        let options = self.object.options_at(next);
        let goes_on = match &denied {
            Denied::Option(name) => options.iter().any(|(field, ..)| field.name == *name),
            Denied::Outcome => is_outcome,
            Denied::Alone => false,
        };
        let is_joined = joined.len() < phrase.len();
        let either = phrase.upto(phrase.len() - joined.len()).position(&["or", "nor"]).is_some();
        if is_joined && goes_on && (either || next.len() == joined.len()) {
            self.negated = true;
            return Ok(phrase.len() - next.len());
        }
        let follows = (is_joined || next.len() == phrase.len()) && (is_outcome || !options.is_empty());
        // "not won in october" may be won later.
        let is_when = denied == Denied::Outcome && dates::is_period(phrase, self.today);
        if follows || is_when {
            return Err(unclear_not());
        }
        if !is_joined && (phrase.at(0) == "yet" || GRAMMAR.contains(&phrase.at(0))) {
            self.denied = Some(denied);
        }
        Ok(0)
    }

    /// The options said of each field become one condition.
    pub(super) fn close_options(&mut self) -> Result<(), Stop> {
        let options = std::mem::take(&mut self.options);
        let both = |(field, _, negated): &(&Field, Vec<&Choice>, bool)| {
            options.iter().any(|(other, _, is_not)| other.name == field.name && is_not != negated)
        };
        if options.iter().any(both) {
            return Err(unclear_not());
        }
        for (field, choices, negated) in options {
            let values: Vec<&str> = choices.iter().map(|choice| choice.value.as_str()).collect();
            let labels: Vec<&str> = choices.iter().map(|choice| choice.label.as_str()).collect();
            let condition = match (values.as_slice(), negated) {
                ([value], false) => json!({"eq": value}),
                ([value], true) => json!({"neq": value}),
                (values, false) => json!({"in": values}),
                (values, true) => json!({"not_in": values}),
            };
            let is = if negated { "is not" } else { "is" };
            self.add(
                &field.name,
                condition,
                format!("where {} {is} {}", lower(&field.label), labels.join(" or ")),
            );
        }
        Ok(())
    }

    /// An option; with "not … yet", the options that come before it.
    pub(super) fn option(&mut self, field: &'p Field, choice: &'p Choice, is_yet: bool) {
        let negated = std::mem::take(&mut self.negated);
        self.denied =
            negated.then(|| if is_yet { Denied::Alone } else { Denied::Option(field.name.clone()) });
        if negated
            && is_yet
            && let Kind::Select(choices) = &field.kind
        {
            let before: Vec<&Choice> =
                choices.iter().take_while(|known| known.value != choice.value).collect();
            if !before.is_empty() {
                self.options.push((field, before, false));
                return;
            }
        }
        match self.options.iter_mut().find(|(known, _, same)| known.name == field.name && *same == negated) {
            Some((_, choices, _)) => choices.push(choice),
            None => self.options.push((field, vec![choice], negated)),
        }
    }

    pub(super) fn outcome_at(&mut self, phrase: Phrase<'p>) -> Option<usize> {
        let outcome = outcome_word(phrase.at(0))?;
        let negated = std::mem::take(&mut self.negated);
        if self.outcome(outcome, negated) {
            return Some(1);
        }
        self.negated = negated;
        None
    }

    pub(super) fn outcome(&mut self, outcome: &str, negated: bool) -> bool {
        let Some((name, condition)) = self.outcome_condition(outcome, negated) else { return false };
        self.denied = negated.then_some(Denied::Outcome);
        self.query.filters.push(json!({&name: condition}));
        self.touch(&name);
        let said = match (outcome, negated) {
            ("closed" | "done", true) => "open",
            ("open", true) => "closed",
            (outcome, false) => outcome,
            (outcome, true) => {
                self.query.after.push(format!("not {outcome}"));
                return true;
            }
        };
        self.query.before.push(said.to_owned());
        true
    }

    /// The field with outcomes and what it must be.
    pub(super) fn outcome_condition(&self, outcome: &str, negated: bool) -> Option<(String, Value)> {
        let (field, choices) = self.object.outcomes()?;
        let is_open = |choice: &&Choice| choice.outcome.is_none_or(|outcome| outcome == "open");
        let of = |wanted: &dyn Fn(&&Choice) -> bool| -> Vec<String> {
            choices.iter().filter(|choice| wanted(choice)).map(|choice| choice.value.clone()).collect()
        };
        let closed = of(&|choice| !is_open(choice));
        let (operator, values) = match outcome {
            "open" => ("not_in", closed),
            "closed" | "done" => ("in", closed),
            other => ("in", of(&|choice| choice.outcome == Some(other))),
        };
        if values.is_empty() {
            return None;
        }
        let operator = match (operator, negated) {
            ("in", true) => "not_in",
            ("not_in", true) => "in",
            (operator, _) => operator,
        };
        Some((field.name.clone(), json!({operator: values})))
    }
}

/// The outcome that a word stands for.
pub(super) fn outcome_word(word: &str) -> Option<&'static str> {
    Some(match word {
        "open" | "active" | "unfinished" | "pending" | "outstanding" | "running" => "open",
        "won" | "win" | "wins" | "winning" => "won",
        "lost" | "lose" | "losses" | "losing" => "lost",
        "closed" | "finished" | "completed" => "closed",
        "done" => "done",
        _ => return None,
    })
}
