//! Conditions on an object's own fields: "over 10k", "closing this month", "in negotiation", "open".

use kontor_core::time::Date;
use serde_json::{Value, json};

use super::{Parser, capital, lower, until_boundary};
use crate::builtin::{
    catalogue::Field,
    dates::{self, Period},
    numbers,
    schema::{Choice, Kind},
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
    pub(super) fn dated(&mut self, phrase: Phrase<'p>) -> Option<usize> {
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
        let created = self.object.field("created_at").filter(|_| self.by_age);
        let field = created.or_else(|| self.object.date_field())?;
        self.within(field, period);
        Some(period.words)
    }

    pub(super) fn within(&mut self, field: &Field, period: Period) {
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
    pub(super) fn field(
        &mut self,
        field: &'p Field,
        phrase: Phrase<'p>,
        words: usize,
    ) -> Result<usize, Stop> {
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

    pub(super) fn option(&mut self, field: &'p Field, choice: &'p Choice) {
        let negated = std::mem::take(&mut self.negated);
        match self.options.iter_mut().find(|(known, _, same)| known.name == field.name && *same == negated) {
            Some((_, choices, _)) => choices.push(choice),
            None => self.options.push((field, vec![choice], negated)),
        }
    }

    pub(super) fn outcome_at(&mut self, phrase: Phrase<'p>) -> Option<usize> {
        let outcome = match phrase.at(0) {
            word @ ("open" | "won" | "lost" | "closed" | "done") => word,
            "win" | "wins" => "won",
            "lose" | "losses" => "lost",
            "active" | "unfinished" | "pending" => "open",
            "finished" | "completed" => "closed",
            _ => return None,
        };
        let negated = std::mem::take(&mut self.negated);
        self.outcome(outcome, negated).then_some(1)
    }

    pub(super) fn outcome(&mut self, outcome: &str, negated: bool) -> bool {
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
}

/// A condition on a date: an instant's where the field is one.
pub(super) fn bound(field: &Field, operator: &str, date: Date) -> Value {
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
