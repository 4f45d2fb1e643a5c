//! Orders, groups and limits: "by amount", "per month", "top 5", "newest".

use super::{Parser, capital, lower};
use crate::{
    catalogue::Field,
    dates::{self, Lean},
    kind::Kind,
    turn::Stop,
    words::{Phrase, stem},
};

impl<'p> Parser<'p> {
    /// "by amount", "sorted by name descending"; as groups: "by stage and owner", "per month".
    pub(super) fn by(&mut self, phrase: Phrase<'p>) -> Result<Option<usize>, Stop> {
        let sorts = matches!(phrase.at(0), "sorted" | "ordered" | "sort" | "order" | "ranked");
        let rest = phrase.from(1).skip(&["by", "the", "each", "on", "their"]);
        let mut words = phrase.len() - rest.len();
        if rest.is_empty() {
            return Ok(None);
        }
        let groups = self.grouping && !sorts;
        if groups {
            let before = self.query.group.len();
            let mut rest = rest;
            while let Some((name, taken)) = self.group_field(rest) {
                self.query.group.push(name);
                let next = rest.from(taken).skip(&["and", ",", "then", "by"]);
                words += rest.len() - next.len();
                rest = next;
            }
            if self.query.group.len() > before {
                return Ok(Some(words));
            }
        }
        let named = self.object.field_at(rest).filter(|_| !groups);
        let amount = matches!(rest.at(0), "value" | "amount" | "size" | "worth");
        let found = named.or_else(|| self.object.amount_field().filter(|_| amount).map(|field| (field, 1)));
        let Some((field, taken)) = found else {
            // "by friday" is a date, "by Max" a person, and what is neither is no field.
            if phrase.at(0) == "by"
                && let Some(period) = dates::period(phrase, self.today, Lean::Ahead)?
                && let Some(field) = self.object.date_field()
            {
                self.within(field, period);
                return Ok(Some(period.words));
            }
            if !sorts && let Some(words) = self.by_member(phrase)? {
                return Ok(Some(words));
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
        if let Some(other) = self.object.same_label(field) {
            self.interpreter.remark(format!(
                "There are two fields called {}; I took `{}` and not `{}`.",
                field.label, field.name, other.name
            ));
        }
        let numeric = matches!(field.kind, Kind::Number | Kind::Currency);
        self.sort(field, direction.unwrap_or(numeric || field.name.ends_with("_at")))?;
        Ok(Some(words))
    }

    pub(super) fn group_field(&self, phrase: Phrase<'p>) -> Option<(String, usize)> {
        let unit = |word: &str| {
            ["day", "week", "month", "quarter", "year"].iter().find(|unit| **unit == word).copied()
        };
        if let Some(unit) = unit(phrase.at(0)) {
            return Some((format!("{}:{unit}", self.object.date_field()?.name), 1));
        }
        let dates =
            self.object.fields.iter().filter(|field| matches!(field.kind, Kind::Date | Kind::DateTime));
        let by_verb = dates.filter(|field| {
            field
                .phrases
                .iter()
                .any(|name| name.first().is_some_and(|first| stem(first) == stem(phrase.at(0))))
        });
        if let (Some(unit), Some(field)) = (unit(phrase.at(1)), by_verb.into_iter().next()) {
            return Some((format!("{}:{unit}", field.name), 2));
        }
        let (field, words) = self.object.field_at(phrase)?;
        if !matches!(field.kind, Kind::Date | Kind::DateTime) {
            return Some((field.name.clone(), words));
        }
        let said = unit(phrase.at(words));
        Some((format!("{}:{}", field.name, said.unwrap_or("month")), words + usize::from(said.is_some())))
    }

    pub(super) fn sort(&mut self, field: &Field, descending: bool) -> Result<(), Stop> {
        if !field.is_sortable {
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

    /// "top 5", "the 3 largest", "newest", "biggest … first".
    pub(super) fn extreme(&mut self, phrase: Phrase<'p>) -> Result<Option<usize>, Stop> {
        let count = |position: usize| {
            const NAMES: [&str; 10] =
                ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
            let word = phrase.at(position);
            let named = NAMES.iter().position(|name| *name == word).and_then(|at| u64::try_from(at + 1).ok());
            word.parse::<u64>().ok().or(named).filter(|count| (1..=60).contains(count))
        };
        let is_span = |position: usize| {
            let word = phrase.at(position);
            ["day", "week", "month", "quarter", "year"].iter().any(|unit| word.trim_end_matches('s') == *unit)
        };
        if let ("first" | "top" | "last", Some(limit)) = (phrase.at(0), count(1))
            && !is_span(2)
        {
            self.query.limit = Some(limit);
            match phrase.at(0) {
                "top" if self.query.sort.is_none() => {
                    if let Some(field) = self.object.amount_field() {
                        self.sort(field, true)?;
                    }
                }
                "last" => self.latest()?,
                _ => {}
            }
            return Ok(Some(2));
        }
        if phrase.at(0) == "first" && self.query.sort.is_some() {
            return Ok(Some(1));
        }
        if phrase.len() == 1
            && let Some(limit) = count(0)
        {
            self.query.limit = Some(limit);
            return Ok(Some(1));
        }
        let (word, skipped) = match count(0) {
            Some(_) => (phrase.at(1), 1),
            None if phrase.at(0) == "most" => (phrase.at(1), 1),
            None => (phrase.at(0), 0),
        };
        let descending = match word {
            "largest" | "biggest" | "highest" | "greatest" | "top" | "newest" | "latest" | "recent"
            | "valuable" | "expensive" => true,
            "smallest" | "lowest" | "oldest" | "earliest" | "soonest" | "cheapest" => false,
            // "the last call" is the latest one, "last week" a time.
            "last"
                if phrase.len() == skipped + 1
                    || self.object.option_at(phrase.from(skipped + 1)).is_some() =>
            {
                true
            }
            _ => return Ok(None),
        };
        // "sorted by close date, newest first" says only the direction.
        let is_direction = phrase.at(skipped + 1) == "first";
        let sorted = self.query.sort.as_ref().map(|(name, _)| name.trim_start_matches('-').to_owned());
        if let Some(field) = sorted.filter(|_| is_direction).and_then(|name| self.object.field(&name)) {
            self.sort(field, descending)?;
            return Ok(Some(skipped + 2));
        }
        let named = self.object.field_at(phrase.from(skipped + 1));
        let by_age = matches!(word, "newest" | "oldest");
        let by_date = matches!(word, "latest" | "recent" | "earliest" | "soonest" | "last");
        let found = match named {
            Some(found) => Some(found),
            None if by_age => self.object.field("created_at").map(|field| (field, 0)),
            None if by_date => self.dates_for_order().map(|field| (field, 0)),
            None => self.object.amount_field().map(|field| (field, 0)),
        };
        let Some((field, taken)) = found else { return Ok(None) };
        self.sort(field, descending)?;
        self.query.is_extreme = true;
        if let Some(limit) = count(0) {
            self.query.limit = Some(limit);
        }
        Ok(Some(1 + skipped + taken))
    }

    fn latest(&mut self) -> Result<(), Stop> {
        match self.dates_for_order() {
            Some(field) => self.sort(field, true),
            None => Ok(()),
        }
    }

    /// The date that "latest" is about: when it took place, else when it was created.
    fn dates_for_order(&self) -> Option<&'p Field> {
        self.object.field("happened_at").or_else(|| self.object.field("created_at"))
    }
}
