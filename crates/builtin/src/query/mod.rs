//! What follows "show", "how many" or "total" as a filter, an order and a limit.
//!
//! Every construct covers the words it gives a meaning to; a word that none of them takes stays uncovered, and
//! the question is not asked.

mod conditions;
mod described;
mod options;
mod order;
mod places;
mod relations;
mod subjects;
mod vocabulary;

use kontor_core::time::Date;
use serde_json::{Value, json};

use super::{
    catalogue::{Field, Object},
    dates,
    kind::{Choice, Kind},
    turn::{Interpreter, Stop},
    words::{NEGATIONS, Phrase},
};
pub(super) use described::{Query, capital, lower};
use options::Denied;
use vocabulary::{BOUNDARIES, GRAMMAR, PREPOSITIONS};

pub(super) struct Parser<'p> {
    interpreter: &'p Interpreter,
    object: &'p Object,
    today: Date,
    /// Whether "by" groups instead of sorting.
    grouping: bool,
    query: Query,
    negated: bool,
    /// "new": what is meant is when it was created.
    by_age: bool,
    /// On which side of today a day lies that is said without its year.
    is_past: bool,
    options: Vec<(&'p Field, Vec<&'p Choice>, bool)>,
    /// What was denied last, where nothing else was said since.
    denied: Option<Denied>,
}

impl<'p> Parser<'p> {
    pub(super) fn new(interpreter: &'p Interpreter, object: &'p Object, grouping: bool) -> Self {
        Self {
            interpreter,
            object,
            today: interpreter.scene.today,
            grouping,
            query: Query::default(),
            negated: false,
            by_age: false,
            is_past: false,
            options: Vec::new(),
            denied: None,
        }
    }

    /// Only what is still to come from today on counts, the next one alone.
    pub(super) fn upcoming(&mut self, field: &'p Field) -> Result<(), Stop> {
        let today = self.today;
        let condition = conditions::bound(field, "gte", today);
        self.query.filters.push(json!({&field.name: condition}));
        self.query.after.push(format!("from {today} on"));
        if let Some((name, condition)) = self.outcome_condition("open", false) {
            self.query.filters.push(json!({name: condition}));
        }
        self.sort(field, false)?;
        self.query.limit = Some(1);
        Ok(())
    }

    /// Only what falls due by the end of the period at the head; how many words said it.
    pub(super) fn up_to(&mut self, phrase: Phrase<'p>) -> Result<usize, Stop> {
        let Some(field) = self.object.date_field() else { return Ok(0) };
        let Some(period) = dates::period(phrase, self.today, dates::Lean::Ahead)? else { return Ok(0) };
        if let Some(until) = period.until {
            let condition = conditions::bound(field, "lt", until);
            self.add(&field.name, condition, format!("due up to {}", until.plus_days(-1)));
        }
        Ok(period.words)
    }

    /// Reads all the parts of a question, from which the object's name has been taken out.
    pub(super) fn parse(mut self, parts: &[Phrase<'p>]) -> Result<Query, Stop> {
        const PAST: [&str; 8] = ["won", "lost", "win", "lose", "did", "was", "were", "have"];
        self.is_past = parts.iter().any(|part| part.position(&PAST).is_some());
        for (place, part) in parts.iter().enumerate() {
            let mut rest = *part;
            if place == 0 && parts.len() == 2 {
                let words = self.possessor(rest)?;
                rest.upto(words).cover();
                rest = rest.from(words);
            }
            while !rest.is_empty() {
                if let Some(denied) = self.denied.take() {
                    let words = self.denied_on(denied, rest)?;
                    rest.upto(words).cover();
                    rest = rest.from(words);
                }
                let was_negated = self.negated;
                let words = self.take(rest)?;
                rest.upto(words).cover();
                let first = rest.at(0);
                let is_filler = words == 1 && (GRAMMAR.contains(&first) || PREPOSITIONS.contains(&first));
                if was_negated && self.negated && words > 0 && !is_filler && rest.at(0) != "yet" {
                    return Err(unclear_not());
                }
                rest = rest.from(words.max(1));
            }
        }
        if self.negated {
            return Err(unclear_not());
        }
        if self.by_age
            && self.query.sort.is_none()
            && let Some(field) = self.object.field("created_at")
        {
            self.sort(field, true)?;
        }
        self.close_options()?;
        Ok(self.query)
    }

    /// Reads what stands at the head and says how many words it took; 0 where nothing is understood.
    fn take(&mut self, phrase: Phrase<'p>) -> Result<usize, Stop> {
        if phrase.is_quoted(0) {
            self.query.search.push(phrase.upto(1).raw().to_owned());
            return Ok(1);
        }
        if let Some(words) = self.joint(phrase)? {
            return Ok(words);
        }
        if let Some(words) = self.worded(phrase)? {
            return Ok(words);
        }
        if let Some(words) = self.extreme(phrase)? {
            return Ok(words);
        }
        if let Some(words) = self.in_currency(phrase) {
            return Ok(words);
        }
        if let Some(words) = self.comparison(phrase, None)? {
            return Ok(words);
        }
        if let Some(words) = self.dated(phrase)? {
            return Ok(words);
        }
        if let Some(words) = self.of_its_own(phrase)? {
            return Ok(words);
        }
        if let Some(words) = self.by_related(phrase)? {
            return Ok(words);
        }
        if let Some(words) = self.related(phrase)? {
            return Ok(words);
        }
        if let Some(words) = self.placed(phrase)? {
            return Ok(words);
        }
        if let Some((named, words)) = self.interpreter.catalogue.named(phrase)
            && named.name == self.object.name
        {
            return Ok(words);
        }
        if self.grouping && matches!(phrase.at(0), "size" | "value" | "worth" | "revenue" | "money") {
            return Ok(1);
        }
        if PREPOSITIONS.contains(&phrase.at(0)) && self.begins_something(phrase.from(1).skip(&["the"])) {
            return Ok(1);
        }
        if GRAMMAR.contains(&phrase.at(0)) {
            return Ok(1);
        }
        self.subject(phrase)
    }

    /// "and", "or" between options of one field; any other "or" is not understood.
    fn joint(&mut self, phrase: Phrase<'p>) -> Result<Option<usize>, Stop> {
        let word = phrase.at(0);
        if !matches!(word, "and" | "or" | "&" | "/") {
            return Ok(None);
        }
        // "deals and contacts" asks for two lists.
        let other = self.interpreter.catalogue.named(phrase.from(1).skip(&["the", "my", "our", "all"]));
        if other.is_some_and(|(other, _)| other.name != self.object.name) {
            return Ok(Some(0));
        }
        let rest = phrase.from(1).skip(&["in", "the"]);
        let next = self.object.option_at(rest).map(|(field, ..)| field.name.as_str());
        let last = self.options.last().map(|(field, ..)| field.name.as_str());
        if word == "or" && (next.is_none() || next != last) {
            return Ok(Some(0));
        }
        Ok(Some(1))
    }

    /// What begins with a word of its own.
    fn worded(&mut self, phrase: Phrase<'p>) -> Result<Option<usize>, Stop> {
        let word = phrase.at(0);
        match word {
            "by" | "per" | "sorted" | "ordered" | "sort" | "order" | "grouped" | "group" | "ranked" => {
                return self.by(phrase);
            }
            "for" | "in" if phrase.at(1) == "each" && self.grouping => {
                return Ok(self.by(phrase.from(1))?.map(|words| words + 1));
            }
            "alphabetically" if !self.grouping => {
                if let Some(field) = self.object.label_field() {
                    self.sort(field, false)?;
                    return Ok(Some(1));
                }
            }
            "my" | "mine" => {
                self.mine()?;
                return Ok(Some(1));
            }
            "i" | "i've" => {
                self.mine()?;
                let more =
                    matches!(phrase.at(1), "have" | "own" | "had" | "am" | "did" | "do" | "made" | "has");
                return Ok(Some(1 + usize::from(more)));
            }
            "for" | "of" if matches!(phrase.at(1), "me" | "mine" | "myself") => {
                self.mine()?;
                return Ok(Some(2));
            }
            "deleted" if self.object.finds_deleted && !self.grouping => {
                self.query.deleted = true;
                return Ok(Some(1));
            }
            "do" | "does" | "did" | "has" | "have" | "is" => {
                if let Some(words) = self.asked_subject(phrase)? {
                    return Ok(Some(words));
                }
            }
            "new" if self.object.option_at(phrase).is_none() => {
                self.by_age = true;
                return Ok(Some(1));
            }
            "owned" | "assigned" | "belonging" | "managed" => return self.owner(phrase).map(Some),
            "unassigned" | "unowned" => {
                self.owned(json!({"is_empty": true}), "owned by nobody")?;
                return Ok(Some(1));
            }
            "pipeline" => {
                let negated = std::mem::take(&mut self.negated);
                if self.outcome("open", negated) {
                    return Ok(Some(1));
                }
                self.negated = negated;
            }
            "named" | "called" | "containing" | "matching" | "like" => {
                let name = until_boundary(phrase.from(1));
                if !name.is_empty() {
                    self.query.search.push(name.raw().to_owned());
                    return Ok(Some(1 + name.len()));
                }
            }
            "work" | "works" | "working" | "employed"
                if matches!(phrase.at(1), "at" | "for" | "with" | "in" | "by") =>
            {
                return Ok(Some(1));
            }
            "overdue" | "late" => return Ok(self.overdue().then_some(1)),
            "past" if phrase.at(1) == "due" => return Ok(self.overdue().then_some(2)),
            "expected" | "supposed" | "going" | "due" if phrase.at(1) == "to" => return Ok(Some(2)),
            "neither" | "nor" => {
                self.negated = true;
                return Ok(Some(1));
            }
            "yet" | "so" => {
                let far = word == "so" && phrase.at(1) == "far";
                return Ok((word == "yet" || far).then_some(1 + usize::from(far)));
            }
            _ => {}
        }
        if let Some(words) = self.lacking(phrase)? {
            return Ok(Some(words));
        }
        if let Some(words) = self.having(phrase)? {
            return Ok(Some(words));
        }
        let negation = NEGATIONS.iter().find(|negation| phrase.strip(&[negation]).is_some());
        Ok(negation.map(|negation| {
            self.negated = true;
            negation.split(' ').count()
        }))
    }

    /// What is late and still to be done.
    fn overdue(&mut self) -> bool {
        let Some(field) = self.object.date_field() else { return false };
        if self.negated {
            return false;
        }
        let condition = conditions::bound(field, "lt", self.today);
        self.query.filters.push(json!({&field.name: condition}));
        self.query.before.push("overdue".to_owned());
        self.touch(&field.name);
        if let Some((name, condition)) = self.outcome_condition("open", false) {
            self.query.filters.push(json!({name: condition}));
        }
        true
    }

    /// An option, an outcome or a field of the object itself.
    fn of_its_own(&mut self, phrase: Phrase<'p>) -> Result<Option<usize>, Stop> {
        let option = self.option_of_one(phrase)?;
        // "about Acme" is said of what a record is about, not of the field's name.
        let is_preposition = |field: &Field| matches!(field.kind, Kind::Target(_)) && phrase.at(0) == "about";
        let field = self.object.field_at(phrase).filter(|(field, _)| !is_preposition(field));
        let longest = option.as_ref().map_or(0, |(_, _, words)| *words);
        if longest < 2
            && option.as_ref().is_none_or(|(field, ..)| !self.is_outcome_field(field))
            && field.is_none_or(|(_, words)| words < 2)
            && let Some(words) = self.outcome_at(phrase)
        {
            return Ok(Some(words));
        }
        if let Some((field, words)) = field.filter(|(_, words)| longest == 0 || *words >= longest) {
            if let Some(other) = self.object.same_label(field) {
                self.interpreter.remark(format!(
                    "There are two fields called {}; I took `{}` and not `{}`.",
                    field.label, field.name, other.name
                ));
            }
            return self.field(field, phrase, words, false).map(Some);
        }
        if let Some((field, choice, words)) = option {
            self.option(field, choice, phrase.at(words) == "yet" || phrase.at(words + 1) == "yet");
            // "high renewal risk", "negotiation stage"
            return Ok(Some(words + phrase.from(words).matches(&field.phrases)));
        }
        Ok(None)
    }

    /// Whether something that is understood by itself stands at the head.
    fn begins_something(&self, phrase: Phrase<'_>) -> bool {
        self.object.option_at(phrase).is_some()
            || self.object.field_at(phrase).is_some()
            || (self.object.outcomes().is_some() && options::outcome_word(phrase.at(0)).is_some())
            || dates::is_period(phrase, self.today)
            || conditions::comparator(phrase).is_some()
            || self
                .interpreter
                .catalogue
                .named(phrase)
                .is_some_and(|(named, _)| named.name == self.object.name)
    }

    /// The words up to what begins another part of the question.
    fn run(&self, phrase: Phrase<'p>) -> Phrase<'p> {
        if phrase.is_quoted(0) {
            return phrase.upto(1);
        }
        let run = until_boundary(phrase);
        let end = (1..run.len()).find(|at| {
            let here = run.from(*at);
            let behind = here.from(1).skip(&["the"]);
            let introduces =
                PREPOSITIONS.contains(&here.at(0)) && !behind.is_empty() && self.begins_something(behind);
            introduces || dates::is_period(here, self.today) || conditions::comparator(here).is_some()
        });
        end.map_or(run, |end| run.upto(end))
    }

    fn add(&mut self, name: &str, condition: Value, said: String) {
        self.query.filters.push(json!({name: condition}));
        self.query.after.push(said);
        self.touch(name);
    }

    fn touch(&mut self, name: &str) {
        if !self.query.touched.iter().any(|known| known == name) {
            self.query.touched.push(name.to_owned());
        }
    }

    /// The kinds of number that are compared and added up.
    fn is_numeric(field: &Field) -> bool {
        matches!(field.kind, Kind::Number | Kind::Currency)
    }
}

fn unclear_not() -> Stop {
    Stop::Say("I do not understand what “not” belongs to here.".to_owned())
}

/// The words up to what ends a value or a name.
fn until_boundary(phrase: Phrase<'_>) -> Phrase<'_> {
    phrase.position(&BOUNDARIES).map_or(phrase, |end| phrase.upto(end))
}
