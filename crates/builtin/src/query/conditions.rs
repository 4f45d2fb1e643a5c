//! Conditions on an object's own fields: "over 10k", "closing this month", "in negotiation", "open".

use kontor_core::{reading::lean_of, time::Date};
use serde_json::{Value, json};

use super::{Parser, capital, lower, until_boundary, vocabulary::GRAMMAR};
use crate::{
    catalogue::Field,
    dates::{self, Lean, Period},
    kind::Kind,
    numbers,
    turn::Stop,
    words::{Phrase, stem},
};

impl<'p> Parser<'p> {
    /// "over 10k", "at least 50 employees", "between 5k and 10k"; of a field that was named before, or after.
    pub(super) fn comparison(
        &mut self,
        phrase: Phrase<'p>,
        of: Option<&'p Field>,
    ) -> Result<Option<usize>, Stop> {
        let worth = phrase.skip(&["worth", "valued"]);
        let before = phrase.len() - worth.len();
        let Some((operator, said, words)) = comparator(worth) else { return Ok(None) };
        let number = worth.from(words);
        let sum = match numbers::percent(number)? {
            Some(percent) => Some(percent),
            None => numbers::sum(number)?,
        };
        let Some(sum) = sum else { return Ok(None) };
        let mut taken = before + words + sum.words;
        let mut upper = None;
        if operator == "between" {
            if phrase.at(taken) != "and" {
                return Ok(None);
            }
            let Some(high) = numbers::sum(phrase.from(taken + 1))? else { return Ok(None) };
            taken += 1 + high.words;
            upper = Some(high);
        }
        // "over 30 days" is about time.
        if matches!(
            phrase.at(taken),
            "day" | "days" | "week" | "weeks" | "month" | "months" | "year" | "years"
        ) {
            return Ok(None);
        }
        let after = self
            .object
            .field_at(phrase.from(taken))
            .filter(|(field, _)| of.is_none() && Self::is_numeric(field));
        if let Some((_, more)) = after {
            taken += more;
        }
        let Some(field) = of.or(after.map(|(field, _)| field)).or_else(|| self.object.amount_field()) else {
            let numbers: Vec<&str> = self
                .object
                .fields
                .iter()
                .filter(|field| Self::is_numeric(field))
                .map(|f| f.label.as_str())
                .collect();
            return Err(Stop::Say(if numbers.is_empty() {
                format!("{} have no number to compare.", capital(&self.object.plural))
            } else {
                format!("Say which number is meant: {}.", numbers.join(", "))
            }));
        };
        if std::mem::take(&mut self.negated) {
            return Err(super::unclear_not());
        }
        let amount = sum.readable();
        let label = lower(&field.label);
        match upper {
            Some(high) => {
                let condition = json!({"gte": sum.number(), "lte": high.number()});
                self.add(
                    &field.name,
                    condition,
                    format!("with {label} between {amount} and {}", high.readable()),
                );
            }
            None => {
                let condition = json!({operator: sum.number()});
                self.add(&field.name, condition, format!("with {label} {said} {amount}"));
            }
        }
        let currency = upper.and_then(|high| high.currency()).or(sum.currency());
        if let Some(currency) = currency {
            self.currency(field, currency);
        }
        Ok(Some(taken))
    }

    fn currency(&mut self, field: &Field, currency: &str) -> bool {
        let name = format!("{}.currency", field.name);
        let is_known = self.object.can_filter(&name);
        if is_known {
            self.query.filters.push(json!({name: {"eq": currency}}));
            self.query.after.push(format!("in {currency}"));
            self.touch(&field.name);
        }
        is_known
    }

    /// "in eur", "in dollars".
    pub(super) fn in_currency(&mut self, phrase: Phrase<'p>) -> Option<usize> {
        let currency = numbers::currency(phrase.from(1)).filter(|_| phrase.at(0) == "in")?;
        let field = self.object.amount_field().filter(|field| field.kind == Kind::Currency)?;
        (!self.negated && self.currency(field, currency)).then_some(2)
    }

    /// "closing this month", "created today", "won last quarter", "this week", "not updated for 30 days".
    pub(super) fn dated(&mut self, phrase: Phrase<'p>) -> Result<Option<usize>, Stop> {
        let today = self.today;
        let word = phrase.at(0);
        // "right now" is no date.
        if word == "now" || (word == "right" && phrase.at(1) == "now") {
            return Ok(Some(if word == "now" { 1 } else { 2 }));
        }
        let object = self.object;
        let mut dates = object.fields.iter().filter(is_date);
        let verb = dates.find(|field| {
            field.phrases.iter().any(|name| name.first().is_some_and(|first| stem(first) == stem(word)))
        });
        if let Some(field) = verb {
            let rest = phrase.from(1).skip(&["date", "at", "is", "for", "in", "over", "the", "on"]);
            let lean = self.lean(field);
            let mut found = dates::period(rest, today, lean)?;
            if found.is_none()
                && let Some(span) = dates::last(rest, today)?
            {
                found = Some(span);
            }
            // "closing in january" needs its preposition where the bare words are none.
            let (found, taken) = match found {
                Some(found) => (Some(found), phrase.len() - rest.len() + found.words),
                None => match dates::period(phrase.from(1), today, lean)? {
                    Some(found) => (Some(found), 1 + found.words),
                    None => (None, 0),
                },
            };
            if let Some(period) = found {
                if std::mem::take(&mut self.negated) {
                    return self.not_since(field, period).then_some(Some(taken)).ok_or_else(not_when);
                }
                if word == "closed" {
                    self.outcome("closed", false);
                }
                self.within(field, period);
                return Ok(Some(taken));
            }
        }
        if let Some(words) = self.older(phrase)? {
            return Ok(Some(words));
        }
        if matches!(word, "from" | "by" | "the") && dates::day(phrase.from(1), today, Lean::Ahead)?.is_none()
        {
            let is_calendar = word == "from" && dates::period(phrase.from(1), today, Lean::Behind)?.is_some();
            if !is_calendar {
                return Ok(None);
            }
        }
        let created = self.object.field("created_at").filter(|_| self.by_age);
        let Some(field) = created.or_else(|| self.object.date_field()) else { return Ok(None) };
        let lean = self.lean(field);
        let mut period = dates::period(phrase, today, lean)?;
        // "from october", of what took place, is in october; "for today" is today.
        if word == "from" && self.lean(field) == Lean::Behind || word == "for" {
            let inner = dates::period(phrase.from(1), today, lean)?;
            period = inner.map(|inner| Period { words: inner.words + 1, ..inner }).or(period);
        }
        let Some(period) = period else { return Ok(None) };
        if self.negated {
            return Err(not_when());
        }
        self.within(field, period);
        Ok(Some(period.words))
    }

    /// "older than 30 days".
    fn older(&mut self, phrase: Phrase<'p>) -> Result<Option<usize>, Stop> {
        let Some(rest) = phrase.strip(&["older than", "newer than"]) else { return Ok(None) };
        let (Some(span), Some(field)) = (dates::last(rest, self.today)?, self.object.field("created_at"))
        else {
            return Ok(None);
        };
        let Some(from) = span.from else { return Ok(None) };
        let (operator, said) =
            if phrase.at(0) == "older" { ("lt", "created before") } else { ("gte", "created since") };
        self.add(&field.name, bound(field, operator, from), format!("{said} {from}"));
        Ok(Some(2 + span.words))
    }

    /// "not updated since october", "not touched in the last 30 days": before that, of what took place; what is to
    /// come may also lie behind the period.
    fn not_since(&mut self, field: &Field, period: Period) -> bool {
        if lean_of(&field.name) != Lean::Behind {
            return false;
        }
        let reaches_today = period.until.is_none_or(|until| until > self.today);
        let Some(from) = period.from.filter(|_| reaches_today) else { return false };
        let said = format!("not {} since {from}", dated_label(field));
        self.add(&field.name, bound(field, "lt", from), said);
        true
    }

    /// On which side of today a day of a field lies that is said without its year.
    fn lean(&self, field: &Field) -> Lean {
        if self.is_past { Lean::Behind } else { lean_of(&field.name) }
    }

    pub(super) fn within(&mut self, field: &Field, period: Period) {
        let mut condition = serde_json::Map::new();
        for (operator, date) in [("gte", period.from), ("lt", period.until)] {
            if let Some(date) = date {
                condition.extend(bound(field, operator, date).as_object().cloned().unwrap_or_default());
            }
        }
        let label = dated_label(field);
        let said = format!("{label} {}", period.readable());
        self.add(&field.name, Value::Object(condition), said.trim().to_owned());
    }

    /// A field by name and what is said of it; `is_said` where a word before it announced a value.
    pub(super) fn field(
        &mut self,
        field: &'p Field,
        phrase: Phrase<'p>,
        words: usize,
        is_said: bool,
    ) -> Result<usize, Stop> {
        let rest = phrase.from(words).skip(&["is", "are", "was", "of", "=", ":", "equals", "the"]);
        let is_said = is_said || phrase.len() - rest.len() > words || rest.is_quoted(0);
        let negated = std::mem::take(&mut self.negated) || matches!(rest.at(0), "not" | "isn't" | "aren't");
        let rest = rest.skip(&["not", "isn't", "aren't"]);
        let used = phrase.len() - rest.len();
        let label = lower(&field.label);
        if matches!(rest.at(0), "empty" | "missing" | "unknown" | "unset" | "known" | "filled") {
            let empty = !matches!(rest.at(0), "known" | "filled");
            let said = if negated == empty { format!("with {label}") } else { format!("without {label}") };
            self.add(&field.name, json!({"is_empty": negated != empty}), said);
            return Ok(used + 1);
        }
        match &field.kind {
            Kind::Number | Kind::Currency => {
                if let Some(more) = self.comparison(rest, Some(field))? {
                    return self.unless(negated, used + more);
                }
                if let Some(sum) = numbers::sum(rest)? {
                    if negated && sum.currency().is_some() {
                        return Err(super::unclear_not());
                    }
                    let (operator, is) = if negated { ("neq", "not ") } else { ("eq", "") };
                    self.add(
                        &field.name,
                        json!({operator: sum.number()}),
                        format!("with {label} {is}{}", sum.readable()),
                    );
                    if let Some(currency) = sum.currency() {
                        self.currency(field, currency);
                    }
                    return Ok(used + sum.words);
                }
            }
            Kind::Date | Kind::DateTime => {
                if let Some(period) = dates::period(rest, self.today, self.lean(field))? {
                    self.within(field, period);
                    return self.unless(negated, used + period.words);
                }
            }
            Kind::Boolean => {
                let said = if negated { format!("not {label}") } else { label };
                self.add(&field.name, json!({"eq": !negated}), said);
                return Ok(words);
            }
            Kind::Select(choices) => {
                let found = choices.iter().map(|choice| (choice, rest.matches(&choice.names)));
                if let Some((choice, more)) =
                    found.filter(|(_, words)| *words > 0).max_by_key(|(_, words)| *words)
                {
                    self.negated = negated;
                    self.option(field, choice, false);
                    return Ok(used + more);
                }
            }
            Kind::Relation(_) => {
                if let Some(more) = self.field_of_relation(field, rest, is_said, negated)? {
                    return Ok(used + more);
                }
            }
            Kind::Text | Kind::FullName | Kind::Contacts => {
                let text = until_boundary(rest.skip(&["contains", "like", "in", "containing"]));
                let skipped = rest.len() - rest.skip(&["contains", "like", "in", "containing"]).len();
                let is_value = (is_said || skipped > 0) && text.skip(&GRAMMAR).len() == text.len();
                if is_value && !text.is_empty() && self.object.can_filter(&field.name) {
                    self.text(field, text.raw(), negated);
                    return Ok(used + skipped + text.len());
                }
            }
            Kind::Target(_) | Kind::Composite => {}
        }
        // Named alone it is what is added up; in a list it says nothing of the records.
        if !self.grouping {
            self.negated = negated;
            return Ok(0);
        }
        self.touch(&field.name);
        self.unless(negated, words)
    }

    fn text(&mut self, field: &Field, text: &str, negated: bool) {
        let partly = self.object.filters.iter().any(|filter| filter.path == field.name && filter.is_text);
        let operator = if partly { "contains" } else { "eq" };
        let condition = json!({&field.name: {operator: text}});
        let label = lower(&field.label);
        self.query.filters.push(if negated { json!({"not": condition}) } else { condition });
        let without = if negated { "not " } else { "" };
        self.query.after.push(format!("{without}with {label} “{text}”"));
        self.touch(&field.name);
    }

    /// What was read has no opposite.
    fn unless(&self, negated: bool, words: usize) -> Result<usize, Stop> {
        if negated { Err(super::unclear_not()) } else { Ok(words) }
    }
}

fn not_when() -> Stop {
    Stop::Say(
        "I do not understand “not” before that date. Say from when to when it should be, for example **after this month**."
            .to_owned(),
    )
}

fn is_date(field: &&Field) -> bool {
    matches!(field.kind, Kind::Date | Kind::DateTime)
}

/// How a date stands before its period: "due", "created", "close date".
fn dated_label(field: &Field) -> String {
    let label = lower(&field.label);
    match label.strip_suffix(" at") {
        Some("happened") => String::new(),
        Some(verb) => verb.to_owned(),
        None => match label.as_str() {
            "close date" => "closing".to_owned(),
            other => format!("with {other}"),
        },
    }
}

/// A condition on a date: an instant's where the field is one.
pub(super) fn bound(field: &Field, operator: &str, date: Date) -> Value {
    match field.kind {
        Kind::DateTime => json!({operator: format!("{date}T00:00")}),
        _ => json!({operator: date.to_string()}),
    }
}

pub(super) fn comparator(phrase: Phrase<'_>) -> Option<(&'static str, &'static str, usize)> {
    const TABLE: [(&str, &str, &str); 30] = [
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
        ("no less than", "gte", "at least"),
        ("from at least", "gte", "at least"),
        ("minimum", "gte", "at least"),
        ("less than", "lt", "below"),
        ("smaller than", "lt", "below"),
        ("lower than", "lt", "below"),
        ("fewer than", "lt", "below"),
        ("cheaper than", "lt", "below"),
        ("under", "lt", "below"),
        ("below", "lt", "below"),
        ("<", "lt", "below"),
        ("<=", "lte", "at most"),
        ("at most", "lte", "at most"),
        ("no more than", "lte", "at most"),
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
