//! What follows "show", "how many" or "total" as a filter, an order and a limit.

use kontor_core::time::Date;
use serde_json::{Value, json};

use super::{
    catalogue::{Choice, Field, Kind, Object},
    dates::{self, Period},
    numbers,
    turn::{Interpreter, Stop},
    words::{Phrase, stem},
};

/// A question about one object's records.
#[derive(Debug, Default)]
pub(super) struct Query {
    pub(super) filters: Vec<Value>,
    /// The filters in words, for the reply.
    pub(super) said: Vec<String>,
    /// As `find` takes it, and in words.
    pub(super) sort: Option<(String, String)>,
    pub(super) group: Vec<String>,
    pub(super) limit: Option<u64>,
    pub(super) search: Vec<String>,
    /// The fields it speaks of, worth a column.
    pub(super) touched: Vec<String>,
}

impl Query {
    pub(super) fn filter(&self) -> Option<Value> {
        match self.filters.as_slice() {
            [] => None,
            [only] => Some(only.clone()),
            many => Some(json!({"and": many})),
        }
    }

    /// Whether it says nothing but a name.
    pub(super) fn is_name(&self) -> bool {
        !self.search.is_empty() && self.filters.is_empty() && self.sort.is_none() && self.limit.is_none()
    }

    pub(super) fn in_words(&self) -> String {
        let mut said = self.said.clone();
        if !self.search.is_empty() {
            said.push(format!("matching “{}”", self.search.join(" ")));
        }
        if let Some((_, order)) = &self.sort {
            said.push(order.clone());
        }
        said.join(", ")
    }
}

/// What ends a value or a name.
const BOUNDARIES: [&str; 32] = [
    ",", ";", "and", "or", "by", "per", "sorted", "ordered", "with", "without", "over", "above", "below",
    "under", "closing", "owned", "created", "updated", "this", "last", "next", "since", "before", "after",
    "more", "less", "between", "that", "which", "where", "assigned", "who",
];

const FILLERS: [&str; 33] = [
    "the",
    "a",
    "an",
    "all",
    "any",
    "me",
    "that",
    "which",
    "are",
    "is",
    "was",
    "were",
    "and",
    "or",
    "have",
    "has",
    "there",
    "currently",
    "records",
    "record",
    ",",
    ";",
    "whose",
    "who",
    "where",
    "every",
    "do",
    "we",
    "i",
    "does",
    "their",
    "our",
    "please",
];

pub(super) struct Parser<'p> {
    interpreter: &'p Interpreter,
    object: &'p Object,
    today: Option<Date>,
    /// Whether "by" groups instead of sorting.
    grouping: bool,
    query: Query,
    negated: bool,
    options: Vec<(&'p Field, Vec<&'p Choice>, bool)>,
}

impl<'p> Parser<'p> {
    pub(super) fn new(interpreter: &'p Interpreter, object: &'p Object, grouping: bool) -> Self {
        Self {
            interpreter,
            object,
            today: interpreter.conversation.today,
            grouping,
            query: Query::default(),
            negated: false,
            options: Vec::new(),
        }
    }

    /// Reads all the parts of a question, from which the object's name has been taken out.
    pub(super) fn parse(mut self, parts: &[Phrase<'p>]) -> Result<Query, Stop> {
        for part in parts {
            let mut rest = *part;
            while !rest.is_empty() {
                let words = self.take(rest)?;
                rest = rest.from(words.max(1));
            }
        }
        for (field, choices, negated) in std::mem::take(&mut self.options) {
            let values: Vec<&str> = choices.iter().map(|choice| choice.value.as_str()).collect();
            let labels: Vec<&str> = choices.iter().map(|choice| choice.label.as_str()).collect();
            let condition = match (values.as_slice(), negated) {
                ([value], false) => json!({"eq": value}),
                ([value], true) => json!({"neq": value}),
                (values, false) => json!({"in": values}),
                (values, true) => json!({"not_in": values}),
            };
            let is = if negated { "is not" } else { "is" };
            self.add(&field.name, condition, format!("{} {is} {}", field.label, labels.join(" or ")));
        }
        Ok(self.query)
    }

    /// Reads what stands at the head and says how many words it took.
    fn take(&mut self, phrase: Phrase<'p>) -> Result<usize, Stop> {
        if phrase.is_quoted(0) {
            self.query.search.push(phrase.upto(1).raw().to_owned());
            return Ok(1);
        }
        let word = phrase.at(0);
        match word {
            "by" | "per" | "sorted" | "ordered" | "sort" | "order" | "grouped" | "group" => {
                if let Some(words) = self.by(phrase)? {
                    return Ok(words);
                }
            }
            "for" | "in" if phrase.at(1) == "each" && self.grouping => {
                return Ok(self.by(phrase.from(1))?.map_or(2, |words| words + 1));
            }
            "my" | "mine" => return Ok(self.owned("$me", "yours").map_or(1, |()| 1)),
            "owned" | "assigned" | "belonging" => return Ok(self.owner(phrase)),
            "not" | "except" | "excluding" => {
                self.negated = true;
                return Ok(1);
            }
            "without" | "no" | "missing" => {
                if let Some((field, words)) = self.object.field_at(phrase.from(1)) {
                    self.add(
                        &field.name,
                        json!({"is_empty": true}),
                        format!("without {}", lower(&field.label)),
                    );
                    return Ok(1 + words);
                }
            }
            "named" | "called" | "containing" | "matching" | "like" => {
                let name = until_boundary(phrase.from(1));
                self.query.search.push(name.raw().to_owned());
                return Ok(1 + name.len());
            }
            "overdue" => {
                if let (Some(today), Some(field)) = (self.today, self.object.date_field()) {
                    self.add(&field.name, bound(field, "lt", today), "overdue".to_owned());
                    self.outcome("open", false);
                    return Ok(1);
                }
            }
            _ => {}
        }
        if let Some(words) = self.extreme(phrase) {
            return Ok(words);
        }
        if let Some(words) = self.comparison(phrase, None)? {
            return Ok(words);
        }
        if let Some(words) = self.dated(phrase) {
            return Ok(words);
        }
        let option = self.object.option_at(phrase);
        let field = self.object.field_at(phrase);
        if let Some((field, words)) =
            field.filter(|(_, words)| option.as_ref().is_none_or(|(_, _, o)| words >= o))
        {
            return self.field(field, phrase, words);
        }
        if let Some((field, choice, words)) = option {
            self.option(field, choice);
            return Ok(words);
        }
        if let Some(words) = self.outcome_at(phrase) {
            return Ok(words);
        }
        if let Some(words) = self.related(phrase)? {
            return Ok(words);
        }
        let preposition = ["in", "at", "of", "for", "from", "with", "on", "about", "to"].contains(&word);
        if !preposition && !FILLERS.contains(&word) {
            self.query.search.push(phrase.upto(1).raw().to_owned());
        }
        Ok(1)
    }

    fn add(&mut self, name: &str, condition: Value, said: String) {
        self.query.filters.push(json!({name: condition}));
        self.query.said.push(said);
        self.touch(name);
    }

    fn touch(&mut self, name: &str) {
        if !self.query.touched.iter().any(|known| known == name) {
            self.query.touched.push(name.to_owned());
        }
    }

    /// "by amount", "sorted by name descending"; as groups: "by stage and owner", "per month".
    fn by(&mut self, phrase: Phrase<'p>) -> Result<Option<usize>, Stop> {
        let sorts = matches!(phrase.at(0), "sorted" | "ordered" | "sort" | "order");
        let rest = phrase.from(1).skip(&["by", "the", "each", "on"]);
        let mut words = phrase.len() - rest.len();
        if self.grouping && !sorts {
            let before = self.query.group.len();
            let mut rest = rest;
            while let Some((name, taken)) = self.group_field(rest) {
                self.query.group.push(name);
                let next = rest.from(taken).skip(&["and", ",", "then", "by"]);
                words += rest.len() - next.len();
                rest = next;
            }
            return Ok((self.query.group.len() > before).then_some(words));
        }
        let named = self.object.field_at(rest);
        let amount = matches!(rest.at(0), "value" | "amount" | "size" | "worth");
        let found = named.or_else(|| self.object.amount_field().filter(|_| amount).map(|field| (field, 1)));
        let Some((field, taken)) = found else {
            // "by friday" is a date, and what is neither is no field.
            if self.today.is_some_and(|today| dates::period(phrase, today).is_some()) {
                return Ok(None);
            }
            return Err(Stop::Say(self.interpreter.no_such_field(self.object, rest.upto(1).raw())));
        };
        words += taken;
        let direction = match phrase.at(words) {
            "desc" | "descending" | "down" => Some(true),
            "asc" | "ascending" | "up" => Some(false),
            _ => None,
        };
        words += usize::from(direction.is_some());
        let numeric = matches!(field.kind, Kind::Number | Kind::Currency);
        self.sort(field, direction.unwrap_or(numeric || field.name.ends_with("_at")))?;
        Ok(Some(words))
    }

    fn group_field(&self, phrase: Phrase<'p>) -> Option<(String, usize)> {
        let unit = |word: &str| {
            ["day", "week", "month", "quarter", "year"].iter().find(|unit| **unit == word).copied()
        };
        if let Some(unit) = unit(phrase.at(0)) {
            return Some((format!("{}:{unit}", self.object.date_field()?.name), 1));
        }
        let (field, words) = self.object.field_at(phrase)?;
        if !matches!(field.kind, Kind::Date | Kind::DateTime) {
            return Some((field.name.clone(), words));
        }
        let said = unit(phrase.at(words));
        Some((format!("{}:{}", field.name, said.unwrap_or("month")), words + usize::from(said.is_some())))
    }

    fn sort(&mut self, field: &Field, descending: bool) -> Result<(), Stop> {
        if !self.object.can_sort(&field.name) {
            return Err(Stop::Say(format!(
                "{} cannot be sorted by {}.",
                capital(&self.object.plural),
                lower(&field.label)
            )));
        }
        let order = match (&field.kind, descending) {
            (Kind::Number | Kind::Currency, true) => "largest first",
            (Kind::Number | Kind::Currency, false) => "smallest first",
            (Kind::Date | Kind::DateTime, true) => "latest first",
            (Kind::Date | Kind::DateTime, false) => "earliest first",
            (_, true) => "from Z to A",
            (_, false) => "from A to Z",
        };
        let sign = if descending { "-" } else { "" };
        let said = format!("by {} ({order})", lower(&field.label));
        self.query.sort = Some((format!("{sign}{}", field.name), said));
        self.touch(&field.name);
        Ok(())
    }

    /// "top 5", "the 3 largest", "newest".
    fn extreme(&mut self, phrase: Phrase<'p>) -> Option<usize> {
        let count =
            |position: usize| phrase.at(position).parse::<u64>().ok().filter(|n| (1..=60).contains(n));
        if let ("first" | "top" | "last", Some(limit)) = (phrase.at(0), count(1))
            && !matches!(
                phrase.at(2),
                "day" | "days" | "week" | "weeks" | "month" | "months" | "year" | "years"
            )
        {
            self.query.limit = Some(limit);
            if phrase.at(0) == "top"
                && self.query.sort.is_none()
                && let Some(field) = self.object.amount_field()
            {
                self.sort(field, true).ok()?;
            }
            return Some(2);
        }
        if phrase.len() == 1
            && let Some(limit) = count(0)
        {
            self.query.limit = Some(limit);
            return Some(1);
        }
        let (word, skipped) = match count(0) {
            Some(_) => (phrase.at(1), 1),
            None if phrase.at(0) == "most" => (phrase.at(1), 1),
            None => (phrase.at(0), 0),
        };
        let descending = match word {
            "largest" | "biggest" | "highest" | "top" | "newest" | "latest" | "recent" => true,
            "smallest" | "lowest" | "oldest" | "earliest" | "soonest" => false,
            _ => return None,
        };
        let named = self.object.field_at(phrase.from(skipped + 1));
        let by_age = matches!(word, "newest" | "oldest");
        let by_date = matches!(word, "latest" | "recent" | "earliest" | "soonest");
        let (field, taken) = match named {
            Some((field, taken)) => (field, taken),
            None if by_age => (self.object.field("created_at")?, 0),
            None if by_date => (self.object.date_field()?, 0),
            None => (self.object.amount_field()?, 0),
        };
        self.sort(field, descending).ok()?;
        if let Some(limit) = count(0) {
            self.query.limit = Some(limit);
        }
        Some(1 + skipped + taken)
    }

    /// "over 10k", "at least 50 employees", "between 5k and 10k"; of a field that was named before, or after.
    fn comparison(&mut self, phrase: Phrase<'p>, of: Option<&'p Field>) -> Result<Option<usize>, Stop> {
        let Some((operator, said, words)) = comparator(phrase) else { return Ok(None) };
        let Some(sum) = numbers::sum(phrase.from(words)) else { return Ok(None) };
        let mut taken = words + sum.words;
        let mut upper = None;
        if operator == "between" {
            if phrase.at(taken) != "and" {
                return Ok(None);
            }
            let Some(high) = numbers::sum(phrase.from(taken + 1)) else { return Ok(None) };
            taken += 1 + high.words;
            upper = Some(high);
        }
        let numeric = |field: &&Field| matches!(field.kind, Kind::Number | Kind::Currency);
        let after =
            self.object.field_at(phrase.from(taken)).filter(|(field, _)| of.is_none() && numeric(field));
        if let Some((_, more)) = after {
            taken += more;
        }
        let Some(field) = of.or(after.map(|(field, _)| field)).or_else(|| self.object.amount_field()) else {
            let numbers: Vec<&str> =
                self.object.fields.iter().filter(numeric).map(|f| f.label.as_str()).collect();
            return Err(Stop::Say(if numbers.is_empty() {
                format!("{} have no number to compare.", capital(&self.object.plural))
            } else {
                format!("Say which number is meant: {}.", numbers.join(", "))
            }));
        };
        let amount = numbers::readable(&sum.number());
        let label = lower(&field.label);
        match upper {
            Some(high) => {
                let top = numbers::readable(&high.number());
                let condition = json!({"gte": sum.number(), "lte": high.number()});
                self.add(&field.name, condition, format!("{label} between {amount} and {top}"));
            }
            None => {
                self.add(&field.name, json!({operator: sum.number()}), format!("{label} {said} {amount}"))
            }
        }
        if let Some(currency) = &sum.currency {
            let name = format!("{}.currency", field.name);
            if self.object.filters.iter().any(|(known, _)| *known == name) {
                self.query.filters.push(json!({name: {"eq": currency}}));
                self.query.said.push(format!("in {currency}"));
            }
        }
        Ok(Some(taken))
    }

    /// "closing this month", "created today", "won last quarter", "this week".
    fn dated(&mut self, phrase: Phrase<'p>) -> Option<usize> {
        let today = self.today?;
        let date = |field: &&Field| matches!(field.kind, Kind::Date | Kind::DateTime);
        let word = phrase.at(0);
        let verb = self.object.fields.iter().filter(date).find(|field| {
            field.phrases.iter().any(|name| name.first().is_some_and(|first| stem(first) == stem(word)))
        });
        if let Some(field) = verb {
            let rest = phrase.from(1).skip(&["date", "at", "is"]);
            if let Some(period) = dates::period(rest, today) {
                if word == "closed" {
                    self.outcome("closed", false);
                }
                self.within(field, period);
                return Some(phrase.len() - rest.len() + period.words);
            }
        }
        if matches!(word, "from" | "by" | "the") && dates::day(phrase.from(1), today).is_none() {
            return None;
        }
        let period = dates::period(phrase, today)?;
        let field = self.object.date_field()?;
        self.within(field, period);
        Some(period.words)
    }

    fn within(&mut self, field: &Field, period: Period) {
        let mut condition = serde_json::Map::new();
        for (operator, date) in [("gte", period.from), ("lt", period.until)] {
            if let Some(date) = date {
                condition.extend(bound(field, operator, date).as_object().cloned().unwrap_or_default());
            }
        }
        self.add(
            &field.name,
            Value::Object(condition),
            format!("{} {}", lower(&field.label), period.readable()),
        );
    }

    /// A field by name and what is said of it.
    fn field(&mut self, field: &'p Field, phrase: Phrase<'p>, words: usize) -> Result<usize, Stop> {
        let rest = phrase.from(words).skip(&["is", "are", "was", "of", "=", ":", "equals"]);
        let negated = std::mem::take(&mut self.negated) || rest.at(0) == "not";
        let rest = rest.skip(&["not"]);
        let used = phrase.len() - rest.len();
        if matches!(rest.at(0), "empty" | "missing" | "unknown" | "unset") {
            self.add(
                &field.name,
                json!({"is_empty": !negated}),
                format!("{} {} empty", lower(&field.label), if negated { "not" } else { "is" }),
            );
            return Ok(used + 1);
        }
        match &field.kind {
            Kind::Number | Kind::Currency => {
                if let Some(more) = self.comparison(rest, Some(field))? {
                    return Ok(used + more);
                }
                if let Some(sum) = numbers::sum(rest) {
                    let said = format!("{} {}", lower(&field.label), numbers::readable(&sum.number()));
                    self.add(&field.name, json!({"eq": sum.number()}), said);
                    return Ok(used + sum.words);
                }
                self.touch(&field.name);
            }
            Kind::Date | Kind::DateTime => {
                if let Some(period) = self.today.and_then(|today| dates::period(rest, today)) {
                    self.within(field, period);
                    return Ok(used + period.words);
                }
            }
            Kind::Boolean => {
                let said = if negated { format!("not {}", lower(&field.label)) } else { lower(&field.label) };
                self.add(&field.name, json!({"eq": !negated}), said);
            }
            Kind::Select(_) => {
                if let Some((found, choice, more)) = self.object.option_at(rest)
                    && found.name == field.name
                {
                    self.negated = negated;
                    self.option(field, choice);
                    return Ok(used + more);
                }
                self.touch(&field.name);
            }
            Kind::Relation(_) => {
                if rest.at(0) == "me" && field.is_member() {
                    self.add(&field.name, json!({"eq": "$me"}), format!("{} is you", lower(&field.label)));
                    return Ok(used + 1);
                }
                let name = until_boundary(rest);
                if let Some(filter) =
                    self.object.relation_name_filter(&field.name).filter(|_| !name.is_empty())
                {
                    let said = format!("{} {}", lower(&field.label), name.raw());
                    self.add(filter, json!({"contains": name.raw()}), said);
                    return Ok(used + name.len());
                }
            }
            Kind::Text | Kind::FullName | Kind::Contacts => {
                let text = until_boundary(rest.skip(&["contains", "like", "in"]));
                let skipped = rest.len() - rest.skip(&["contains", "like", "in"]).len();
                if !text.is_empty() && self.object.can_filter(&field.name) {
                    let partly = self
                        .object
                        .filters
                        .iter()
                        .any(|(name, kind)| *name == field.name && *kind == Kind::Text);
                    let operator = if partly { "contains" } else { "eq" };
                    self.add(
                        &field.name,
                        json!({operator: text.raw()}),
                        format!("{} “{}”", lower(&field.label), text.raw()),
                    );
                    return Ok(used + skipped + text.len());
                }
                self.touch(&field.name);
            }
            Kind::Target(_) | Kind::Composite => {}
        }
        Ok(words)
    }

    fn option(&mut self, field: &'p Field, choice: &'p Choice) {
        let negated = std::mem::take(&mut self.negated);
        match self.options.iter_mut().find(|(known, _, same)| known.name == field.name && *same == negated) {
            Some((_, choices, _)) => choices.push(choice),
            None => self.options.push((field, vec![choice], negated)),
        }
    }

    fn outcome_at(&mut self, phrase: Phrase<'p>) -> Option<usize> {
        let outcome = match phrase.at(0) {
            word @ ("open" | "won" | "lost" | "closed" | "done") => word,
            "active" | "unfinished" | "pending" => "open",
            "finished" | "completed" => "closed",
            _ => return None,
        };
        let negated = std::mem::take(&mut self.negated);
        self.outcome(outcome, negated).then_some(1)
    }

    fn outcome(&mut self, outcome: &str, negated: bool) -> bool {
        let Some((field, choices)) = self.object.outcomes() else { return false };
        let name = field.name.clone();
        let is_open = |choice: &&Choice| choice.outcome.as_deref().is_none_or(|outcome| outcome == "open");
        let of = |wanted: &dyn Fn(&&Choice) -> bool| -> Vec<String> {
            choices.iter().filter(|choice| wanted(choice)).map(|choice| choice.value.clone()).collect()
        };
        let closed = of(&|choice| !is_open(choice));
        let (operator, values) = match outcome {
            "open" => ("not_in", closed),
            "closed" | "done" => ("in", closed),
            other => ("in", of(&|choice| choice.outcome.as_deref() == Some(other))),
        };
        if values.is_empty() {
            return false;
        }
        let operator = match (operator, negated) {
            ("in", true) => "not_in",
            ("not_in", true) => "in",
            (operator, _) => operator,
        };
        let said = if negated { format!("not {outcome}") } else { outcome.to_owned() };
        self.add(&name, json!({operator: values}), said);
        true
    }

    fn owned(&mut self, whose: &str, said: &str) -> Option<()> {
        let owner = self.object.fields.iter().find(|field| field.is_member())?;
        self.add(&owner.name, json!({"eq": whose}), said.to_owned());
        Some(())
    }

    /// "owned by me", "assigned to Max".
    fn owner(&mut self, phrase: Phrase<'p>) -> usize {
        let rest = phrase.from(1).skip(&["by", "to"]);
        let used = phrase.len() - rest.len();
        if matches!(rest.at(0), "me" | "myself") {
            self.owned("$me", "yours");
            return used + 1;
        }
        if matches!(rest.at(0), "nobody" | "noone") {
            if let Some(owner) = self.object.fields.iter().find(|field| field.is_member()) {
                self.add(&owner.name, json!({"is_empty": true}), "owned by nobody".to_owned());
            }
            return used + 1;
        }
        let name = until_boundary(rest);
        let owner = self.object.fields.iter().find(|field| field.is_member());
        if let Some(filter) = owner.and_then(|owner| self.object.relation_name_filter(&owner.name)) {
            self.add(filter, json!({"contains": name.raw()}), format!("owned by {}", name.raw()));
        }
        used + name.len()
    }

    /// "at Acme", "for that account", "with contact Jane".
    fn related(&mut self, phrase: Phrase<'p>) -> Result<Option<usize>, Stop> {
        if !["at", "of", "for", "from", "with", "on", "about", "to", "by"].contains(&phrase.at(0)) {
            return Ok(None);
        }
        let rest = phrase.from(1).skip(&["the"]);
        let of_its_own = |(field, _): (&Field, usize)| !matches!(field.kind, Kind::Relation(_));
        if self.object.field_at(rest).is_some_and(of_its_own) || self.object.option_at(rest).is_some() {
            return Ok(None);
        }
        let this = matches!(rest.at(0), "this" | "these");
        let pronoun = this || matches!(rest.at(0), "it" | "that" | "him" | "her" | "them" | "they");
        let after = rest.from(usize::from(pronoun));
        let noun = self.interpreter.catalogue.named(after);
        let after = after.from(noun.map_or(0, |(_, words)| words));
        let named = if pronoun { after.upto(0) } else { until_boundary(after) };
        let used = phrase.len() - after.len() + named.len();
        let relations: Vec<&Field> = self
            .object
            .fields
            .iter()
            .filter(|field| match &field.kind {
                Kind::Relation(Some(object)) => match noun {
                    Some((wanted, _)) => wanted.name == *object,
                    None => object != "member",
                },
                _ => false,
            })
            .collect();
        if (pronoun || named.is_empty())
            && let Some(record) = self.interpreter.spoken_of(this)
        {
            let field = relations.iter().find(
                |field| matches!(&field.kind, Kind::Relation(Some(object)) if *object == record.object),
            );
            if let Some(field) = field {
                let said = format!("{} {}", lower(&field.label), record.label);
                self.add(&field.name, json!({"eq": record.id}), said);
                return Ok(Some(used));
            }
        }
        if named.is_empty() {
            return Ok(None);
        }
        let filters: Vec<Value> = relations
            .iter()
            .filter_map(|field| self.object.relation_name_filter(&field.name))
            .map(|filter| json!({filter: {"contains": named.raw()}}))
            .collect();
        let said = format!("{} {}", phrase.at(0), named.raw());
        match filters.len() {
            0 => return Ok(None),
            1 => self.query.filters.extend(filters),
            _ => self.query.filters.push(json!({"or": filters})),
        }
        self.query.said.push(said);
        Ok(Some(used))
    }
}

/// A condition on a date: an instant's where the field is one.
fn bound(field: &Field, operator: &str, date: Date) -> Value {
    match field.kind {
        Kind::DateTime => json!({operator: format!("{date}T00:00:00Z")}),
        _ => json!({operator: date.to_string()}),
    }
}

fn comparator(phrase: Phrase<'_>) -> Option<(&'static str, &'static str, usize)> {
    const TABLE: [(&str, &str, &str); 26] = [
        ("more than", "gt", "over"),
        ("greater than", "gt", "over"),
        ("larger than", "gt", "over"),
        ("bigger than", "gt", "over"),
        ("higher than", "gt", "over"),
        ("over", "gt", "over"),
        ("above", "gt", "over"),
        ("exceeding", "gt", "over"),
        (">", "gt", "over"),
        (">=", "gte", "at least"),
        ("at least", "gte", "at least"),
        ("minimum", "gte", "at least"),
        ("less than", "lt", "below"),
        ("smaller than", "lt", "below"),
        ("lower than", "lt", "below"),
        ("fewer than", "lt", "below"),
        ("under", "lt", "below"),
        ("below", "lt", "below"),
        ("<", "lt", "below"),
        ("<=", "lte", "at most"),
        ("at most", "lte", "at most"),
        ("up to", "lte", "at most"),
        ("maximum", "lte", "at most"),
        ("exactly", "eq", "exactly"),
        ("equal to", "eq", "exactly"),
        ("between", "between", "between"),
    ];
    TABLE.iter().find_map(|(words, operator, said)| {
        let rest = phrase.strip(&[words])?;
        Some((*operator, *said, phrase.len() - rest.len()))
    })
}

/// The words up to what begins another part of the question.
fn until_boundary(phrase: Phrase<'_>) -> Phrase<'_> {
    phrase.position(&BOUNDARIES).map_or(phrase, |end| phrase.upto(end))
}

pub(super) fn lower(label: &str) -> String {
    let is_name = label.chars().nth(1).is_some_and(char::is_uppercase);
    if is_name { label.to_owned() } else { label.to_lowercase() }
}

pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
