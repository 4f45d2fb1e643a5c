use serde_json::Value as Json;

use super::{
    Condition, FieldPath, Filter, Hop, Operator, PartType, Readable, Scalar,
    own::{Operand, OwnRecord},
};
use crate::{
    error::{Issue, join_path},
    ids::MemberId,
    kind::{parse_date, parse_instant, parse_number},
    locale::{Locale, TimeZone},
    metadata::{Object, Schema},
    reading::{Period, lean_of, readable, whole_period},
    text::{self, fold},
    time::{Date, Timestamp},
    value::parse_value,
};

/// The deepest nesting of `and`, `or` and `not`.
pub const MAX_DEPTH: usize = 8;
/// The most conditions in one filter.
pub const MAX_CONDITIONS: usize = 200;
/// The most connectives, and filters in their lists.
const MAX_PARTS: usize = 1_000;
/// The most operands of `in` and `not_in`.
pub const MAX_LIST: usize = 200;
/// The most operands of all conditions: SQLite binds 32,766 values in a statement.
const MAX_OPERANDS: usize = 10_000;
/// The operand that stands for the caller's own member record.
pub(super) const ME: &str = "$me";

const OPERATORS: [&str; 11] =
    ["eq", "neq", "in", "not_in", "gt", "gte", "lt", "lte", "contains", "starts_with", "is_empty"];

/// Who asks by a filter, and when.
#[derive(Debug, Clone, Copy)]
pub struct Asker<'c> {
    /// What `"$me"` stands for.
    pub me: Option<MemberId>,
    /// The asker's own member record as the API shows it: what `"$me.region"` stands for.
    pub own: &'c OwnRecord,
    /// What `today` and `this month` are reckoned from.
    pub now: Timestamp,
    pub locale: Locale,
}

/// The operators that take a period beside a day or a moment.
const PERIOD_OPERATORS: [&str; 6] = ["eq", "neq", "gt", "gte", "lt", "lte"];

/// That a row rule can be read by whoever has these grants: it names what is there and what they may read, whoever it
/// is asked for later.
///
/// # Errors
/// As [`parse_filter`].
pub fn check_rule(
    rule: &Json,
    object: &Object,
    schema: &Schema,
    readable: &dyn Readable,
) -> Result<(), Vec<Issue>> {
    let own = OwnRecord::new();
    let me = Some(MemberId(uuid::Uuid::nil()));
    let anybody = Asker { me, own: &own, now: Timestamp::EPOCH, locale: Locale::default() };
    parse_filter(rule, object, schema, readable, anybody).map(drop)
}

/// Reads a filter on records of `object`.
///
/// # Errors
/// Every mistake found, each with its path within the filter.
pub fn parse_filter(
    json: &Json,
    object: &Object,
    schema: &Schema,
    readable: &dyn Readable,
    asker: Asker<'_>,
) -> Result<Filter, Vec<Issue>> {
    let mut parser = Parser {
        schema,
        readable,
        asker,
        is_negated: false,
        conditions: 0,
        parts: 0,
        operands: 0,
        issues: Vec::new(),
    };
    let filter = parser.filter(json, object, "", 0);
    match (filter, parser.issues.is_empty()) {
        (Some(filter), true) => Ok(filter),
        _ => Err(parser.issues),
    }
}

pub(super) struct Parser<'a> {
    pub(super) schema: &'a Schema,
    pub(super) readable: &'a dyn Readable,
    pub(super) asker: Asker<'a>,
    /// Whether what is being read stands within an odd number of `not`s.
    pub(super) is_negated: bool,
    conditions: usize,
    parts: usize,
    operands: usize,
    issues: Vec<Issue>,
}

impl Parser<'_> {
    fn fail(&mut self, path: &str, code: &'static str, message: String) {
        // The first few mistakes help; a thousand do not.
        if self.issues.len() < 10 {
            self.issues.push(Issue::new(path, code, message));
        }
    }

    /// Whether the filter has become too large, which is said once: past the limits nothing is worth reading.
    fn is_too_large(&mut self, path: &str) -> bool {
        let limits = [
            (self.conditions, MAX_CONDITIONS, "conditions"),
            (self.parts, MAX_PARTS, "connectives"),
            (self.operands, MAX_OPERANDS, "values to compare with"),
        ];
        let Some((_, limit, what)) = limits.into_iter().find(|(count, limit, _)| count > limit) else {
            return false;
        };
        if !self.issues.iter().any(|issue| issue.code == "too_large") {
            self.fail(
                path,
                "too_large",
                format!("a filter has at most {} {what}", readable(&limit.to_string())),
            );
        }
        true
    }

    fn filter(&mut self, json: &Json, object: &Object, path: &str, depth: usize) -> Option<Filter> {
        if depth > MAX_DEPTH {
            self.fail(path, "too_deep", format!("a filter nests at most {MAX_DEPTH} levels"));
            return None;
        }
        let Json::Object(map) = json else {
            self.fail(
                path,
                "wrong_type",
                "expected an object such as {\"stage\": {\"eq\": \"PROPOSAL\"}}".to_owned(),
            );
            return None;
        };
        let mut parts = Vec::new();
        for (key, operand) in map {
            self.parts += usize::from(["and", "or", "not"].contains(&key.as_str()));
            if self.is_too_large(path) {
                return None;
            }
            let at = join_path(path, &text::excerpt(key, 60));
            let part = match key.as_str() {
                "and" => self.list(operand, object, &at, depth).map(Filter::And),
                "or" => self.list(operand, object, &at, depth).map(Filter::Or),
                "not" => {
                    self.is_negated = !self.is_negated;
                    let inner = self.filter(operand, object, &at, depth + 1);
                    self.is_negated = !self.is_negated;
                    inner.map(|inner| Filter::Not(Box::new(inner)))
                }
                name => self.comparison(name, operand, object, &at, false),
            };
            parts.extend(part);
        }
        Some(match <[Filter; 1]>::try_from(parts) {
            Ok([single]) => single,
            Err(parts) => Filter::And(parts),
        })
    }

    fn list(&mut self, json: &Json, object: &Object, path: &str, depth: usize) -> Option<Vec<Filter>> {
        let Json::Array(items) = json else {
            self.fail(path, "wrong_type", "expected a list of filters".to_owned());
            return None;
        };
        let mut filters = Vec::new();
        for (index, item) in items.iter().enumerate() {
            self.parts += 1;
            if self.is_too_large(path) {
                return None;
            }
            filters.extend(self.filter(item, object, &format!("{path}[{index}]"), depth + 1));
        }
        Some(filters)
    }

    /// The conditions on one path: several operators must all hold.
    fn comparison(
        &mut self,
        name: &str,
        json: &Json,
        object: &Object,
        at: &str,
        related: bool,
    ) -> Option<Filter> {
        if !related && let Some(filter) = self.related(name, json, object, at) {
            return filter;
        }
        let path = match FieldPath::parse(name, object, self.readable) {
            Ok(path) => path,
            Err(issue) => {
                self.fail(at, "unknown_field", issue.message);
                return None;
            }
        };
        let Json::Object(operators) = json else {
            let message =
                format!("expected an object of operators such as {{\"eq\": …}}: {}", OPERATORS.join(", "));
            self.fail(at, "wrong_type", message);
            return None;
        };
        let mut conditions = Vec::new();
        for (operator, operand) in operators {
            self.conditions += 1;
            self.operands += operand.as_array().map_or(1, Vec::len);
            if self.is_too_large(at) {
                return None;
            }
            let here = join_path(at, &text::excerpt(operator, 60));
            match self.condition(operator, operand, &path, object) {
                Ok(condition) => conditions.push(condition),
                Err(issue) => self.fail(&join_path(&here, &issue.path), "invalid_operand", issue.message),
            }
        }
        Some(match <[Filter; 1]>::try_from(conditions) {
            Ok([single]) => single,
            Err(conditions) => Filter::And(conditions),
        })
    }

    /// `account.segment`: one hop over a relation the caller may read. `None` when the name is no such hop.
    fn related(&mut self, name: &str, json: &Json, object: &Object, at: &str) -> Option<Option<Filter>> {
        let (hop, target, rest) = Hop::split(name, object, self.schema, self.readable)?;
        let inner = self.comparison(rest, json, target, at, true);
        let related =
            |filter| Filter::Related { field: hop.relation, object: hop.object, filter: Box::new(filter) };
        Some(inner.map(related))
    }

    /// One operator on a path; of a period, its bounds.
    fn condition(
        &self,
        name: &str,
        operand: &Json,
        path: &FieldPath,
        object: &Object,
    ) -> Result<Filter, Issue> {
        let own = self.with_own(name, operand, path, object)?;
        let operand = match &own {
            Operand::AsGiven => operand,
            Operand::Own(own) => own,
            Operand::Unknown => return Ok(self.unknown()),
        };
        self.compared(name, operand, path, object)
    }

    pub(super) fn compared(
        &self,
        name: &str,
        operand: &Json,
        path: &FieldPath,
        object: &Object,
    ) -> Result<Filter, Issue> {
        if PERIOD_OPERATORS.contains(&name)
            && let Some(text) = operand.as_str()
            && let Some(period) = self.period(text, path)?
        {
            return within(name, &period, path, self.asker.locale.time_zone);
        }
        let operator = self.operator(name, operand, path, object)?;
        Ok(Filter::Condition(Condition { path: path.clone(), operator }))
    }

    /// What a text says of days where it is none itself: `today`, `this month`, `last 30 days`.
    fn period(&self, text: &str, path: &FieldPath) -> Result<Option<Period>, Issue> {
        let is_plain = match path.ty {
            PartType::Date => parse_date(&text.into()).is_ok(),
            PartType::DateTime => parse_instant(&text.into(), self.asker.locale.time_zone).is_ok(),
            _ => true,
        };
        if is_plain {
            return Ok(None);
        }
        let today = self.asker.locale.time_zone.date(self.asker.now);
        whole_period(text, today, lean_of(&path.field))
            .map(Some)
            .map_err(|why| Issue::new("", "wrong_type", why.to_string()))
    }

    fn operator(
        &self,
        name: &str,
        operand: &Json,
        path: &FieldPath,
        object: &Object,
    ) -> Result<Operator, Issue> {
        let allowed: &[&str] = match path.ty {
            PartType::FoldedText | PartType::LowerText | PartType::UpperText | PartType::Phone => {
                &["eq", "neq", "in", "not_in", "contains", "starts_with", "is_empty"]
            }
            PartType::Option | PartType::Id => &["eq", "neq", "in", "not_in", "is_empty"],
            PartType::Number(_) | PartType::Date | PartType::DateTime | PartType::Position => {
                &["eq", "neq", "in", "not_in", "gt", "gte", "lt", "lte", "is_empty"]
            }
            PartType::Boolean => &["eq", "neq", "is_empty"],
            PartType::Opaque => &["is_empty"],
        };
        if !allowed.contains(&name) {
            let is_long_text = object.field(&path.field).is_some_and(|field| field.kind.is_long_text());
            let near = match name {
                "contains" | "starts_with" if is_long_text => " Its words are found by a search.".to_owned(),
                _ => text::suggestion(name, allowed.iter().copied()),
            };
            let name = text::excerpt(name, 60);
            let message = format!("{} takes {}, not {name:?}.{near}", path.text(), allowed.join(", "));
            return Err(Issue::new("", "unknown_operator", message));
        }
        let one = || self.scalar(operand, path, object);
        Ok(match name {
            "eq" => Operator::Equal(one()?),
            "neq" => Operator::NotEqual(one()?),
            "in" => Operator::In(self.scalars(operand, path, object)?),
            "not_in" => Operator::NotIn(self.scalars(operand, path, object)?),
            "gt" => Operator::Greater(one()?),
            "gte" => Operator::GreaterOrEqual(one()?),
            "lt" => Operator::Less(one()?),
            "lte" => Operator::LessOrEqual(one()?),
            "contains" => Operator::Contains(as_compared(path.ty, needle(operand)?)?),
            "starts_with" => Operator::StartsWith(as_compared(path.ty, needle(operand)?)?),
            _ => Operator::IsEmpty(
                operand.as_bool().ok_or_else(|| Issue::new("", "wrong_type", "expected true or false"))?,
            ),
        })
    }

    fn scalars(&self, json: &Json, path: &FieldPath, object: &Object) -> Result<Vec<Scalar>, Issue> {
        let Json::Array(items) = json else {
            return Err(Issue::new("", "wrong_type", "expected a list"));
        };
        if items.len() > MAX_LIST {
            return Err(Issue::new("", "too_large", format!("expected at most {MAX_LIST} values")));
        }
        items
            .iter()
            .enumerate()
            .map(|(index, item)| {
                self.scalar(item, path, object).map_err(|issue| issue.within(&format!("[{index}]")))
            })
            .collect()
    }

    fn scalar(&self, json: &Json, path: &FieldPath, object: &Object) -> Result<Scalar, Issue> {
        let wrong = |expected: &str| {
            let given = text::excerpt(&json.to_string(), 60);
            Issue::new("", "wrong_type", format!("expected {expected}, got {given}"))
        };
        match path.ty {
            PartType::FoldedText | PartType::LowerText | PartType::UpperText | PartType::Phone => {
                as_compared(path.ty, needle(json)?).map(Scalar::Text)
            }
            PartType::Number(decimals) => {
                if json.is_object() {
                    let (number, field) = (wrong("a number").message, &path.field);
                    let is_money = object.field(field).is_some_and(|field| field.kind.is_money());
                    let hint = if is_money {
                        format!("; the currency is asked for by {field}.currency")
                    } else {
                        String::new()
                    };
                    return Err(Issue::new("", "wrong_type", number + &hint));
                }
                parse_number(json, decimals).map(Scalar::Integer)
            }
            PartType::Boolean => json.as_bool().map(Scalar::Boolean).ok_or_else(|| wrong("true or false")),
            PartType::Position => json.as_f64().map(Scalar::Real).ok_or_else(|| wrong("a number")),
            PartType::Id => {
                let text = json.as_str().ok_or_else(|| wrong("an id"))?;
                if text == ME {
                    let me = self
                        .asker
                        .me
                        .ok_or_else(|| Issue::new("", "no_member", "$me needs a caller who is a member"))?;
                    return Ok(Scalar::Uuid(me.as_uuid()));
                }
                uuid::Uuid::try_parse(text).map(Scalar::Uuid).map_err(|_| wrong("an id"))
            }
            PartType::Date | PartType::DateTime | PartType::Option if json.is_null() => {
                let message = "expected a value; to ask for empty ones use is_empty";
                Err(Issue::new("", "wrong_type", message))
            }
            // In any year: a bound may be as far away as one likes.
            PartType::Date => parse_date(json).map(Scalar::Date),
            PartType::DateTime => parse_instant(json, self.asker.locale.time_zone).map(Scalar::Timestamp),
            PartType::Option => {
                let field = object.field(&path.field).ok_or_else(|| wrong("a known field"))?;
                let value = parse_value(field, json, None, &self.asker.locale)
                    .map_err(|issues| issues.into_iter().next().unwrap_or_else(|| wrong("a value")))?;
                path.cell(field, &value).ok_or_else(|| wrong("a value"))
            }
            PartType::Opaque => Err(wrong("nothing")),
        }
    }
}

/// What one of [`PERIOD_OPERATORS`] asks of a period.
fn within(name: &str, period: &Period, path: &FieldPath, zone: TimeZone) -> Result<Filter, Issue> {
    let scalar = |date: Date| match path.ty {
        PartType::Date => Scalar::Date(date),
        _ => Scalar::Timestamp(zone.start_of(date)),
    };
    let condition = |operator| Filter::Condition(Condition { path: path.clone(), operator });
    let open = |end: &str| Issue::new("", "wrong_type", format!("{} has no {end}", period.readable()));
    let from = period.from.map(scalar);
    let until = period.until.map(scalar);
    let begin = || from.clone().ok_or_else(|| open("beginning"));
    let end = || until.clone().ok_or_else(|| open("end"));
    let inside = || {
        let bounds = [from.clone().map(Operator::GreaterOrEqual), until.clone().map(Operator::Less)];
        Filter::And(bounds.into_iter().flatten().map(condition).collect())
    };
    Ok(match name {
        "eq" => inside(),
        "neq" => {
            let bounds = [from.clone().map(Operator::Less), until.clone().map(Operator::GreaterOrEqual)];
            let outside = bounds.into_iter().flatten().chain([Operator::IsEmpty(true)]);
            Filter::Or(outside.map(condition).collect())
        }
        "gt" => condition(Operator::GreaterOrEqual(end()?)),
        "gte" => condition(Operator::GreaterOrEqual(begin()?)),
        "lt" => condition(Operator::Less(begin()?)),
        _ => condition(Operator::Less(end()?)),
    })
}

/// A text as the column that it is compared with holds it.
fn as_compared(ty: PartType, text: &str) -> Result<String, Issue> {
    Ok(match ty {
        PartType::LowerText => text.to_lowercase(),
        PartType::UpperText => text.to_uppercase(),
        PartType::Phone => {
            let digits = text::phone_digits(text);
            if digits.is_empty() {
                let message = format!("{:?} has no digits of a telephone number", text::excerpt(text, 60));
                return Err(Issue::new("", "invalid_phone", message));
            }
            digits
        }
        _ => fold(text),
    })
}

fn needle(json: &Json) -> Result<&str, Issue> {
    let text = json
        .as_str()
        .ok_or_else(|| Issue::new("", "wrong_type", "expected text; to ask for empty ones use is_empty"))?;
    if text.contains('\0') {
        return Err(Issue::new("", "nul_byte", "expected text without NUL bytes"));
    }
    if text.chars().count() > 1_000 {
        return Err(Issue::new("", "too_long", "expected at most 1000 characters"));
    }
    Ok(text)
}
