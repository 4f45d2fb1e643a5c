//! What follows from the stage of a record: its chance of winning, how it counts in the forecast, and the day on
//! which it was closed. The object's metadata say which fields these are.

use std::collections::BTreeSet;

use kontor_core::{
    error::Issue,
    filter::PartType,
    ids::RecordId,
    locale::Locale,
    metadata::{Field, Name, Object, Outcome, Pipeline, SelectOption},
    value::{Value, Values, format_scaled, parse_value, scaled_percent},
};
use sea_query::{Expr, ExprTrait, Order, Query};
use serde_json::Value as Json;

use super::{input::NewValues, journal::Changes};
use crate::{Error, Work};

/// How many of a record's latest updates are looked at for the one that closed it.
const UPDATES: u64 = 50;

/// What a caller says of a record, and how it is now.
pub(crate) struct Said<'a> {
    pub(crate) object: &'a Object,
    /// The fields that the caller named.
    pub(crate) given: &'a BTreeSet<Name>,
    pub(crate) current: &'a Values,
}

/// A record's stage before and after.
struct Stages<'a> {
    pipeline: &'a Pipeline,
    before: Option<&'a SelectOption>,
    after: &'a SelectOption,
}

impl Stages<'_> {
    fn is_entered(&self) -> bool {
        self.before.map(|option| &option.value) != Some(&self.after.value)
    }

    fn outcome(&self) -> Outcome {
        self.after.outcome.unwrap_or(Outcome::Open)
    }

    fn was_closed(&self) -> bool {
        self.before.and_then(|option| option.outcome).is_some_and(Outcome::is_closed)
    }
}

impl<'a> Said<'a> {
    fn stages(&self, values: &NewValues) -> Option<Stages<'a>> {
        let pipeline = self.object.pipeline.as_ref()?;
        let field = self.object.field(&pipeline.stage)?;
        let option = |value: Option<&Value>| match value {
            Some(Value::Select(value)) => field.kind.options().iter().find(|option| option.value == *value),
            _ => None,
        };
        let before = option(self.current.get(&pipeline.stage));
        let after = match values.get(&pipeline.stage) {
            Some(value) => option(Some(value))?,
            None => before?,
        };
        Some(Stages { pipeline, before, after })
    }

    /// The value that the caller gives a field; one that is emptied is left to follow the stage.
    fn given<'v>(&self, field: &Name, values: &'v NewValues) -> Option<&'v Value> {
        values.get(field).filter(|value| self.given.contains(field) && !value.is_null())
    }
}

/// Completes what follows from the stage, and tells what contradicts it. What the caller gives is never
/// overruled.
pub(crate) fn settle(work: &Work<'_, '_>, said: &Said<'_>, values: &mut NewValues) -> Vec<Issue> {
    let Some(stages) = said.stages(values) else { return Vec::new() };
    let mut issues = Vec::new();
    issues.extend(settle_probability(said, &stages, values));
    issues.extend(settle_forecast(said, &stages, values));
    issues.extend(settle_close_date(work, said, &stages, values));
    issues
}

/// A record that is closed was closed today, unless the caller says another day; and has such a day from then on.
fn settle_close_date(
    work: &Work<'_, '_>,
    said: &Said<'_>,
    stages: &Stages<'_>,
    values: &mut NewValues,
) -> Option<Issue> {
    let field = said.object.field(&stages.pipeline.close_date)?;
    if !stages.outcome().is_closed() || said.given(&field.name, values).is_some() {
        return None;
    }
    let was_closed = stages.before.is_some_and(|_| stages.was_closed());
    if !was_closed {
        values.insert(field.name.clone(), Value::Date(work.today()));
    } else if values.get(&field.name).is_some_and(Value::is_null) {
        let message =
            format!("{} says when it was closed: {} cannot be without", field.label, stages.after.label);
        return Some(Issue::new(field.name.as_str(), "contradicts_stage", message));
    }
    None
}

/// A record that enters a stage gets the stage's chance, unless the caller says another; one that is closed has
/// no other.
fn settle_probability(said: &Said<'_>, stages: &Stages<'_>, values: &mut NewValues) -> Option<Issue> {
    let field = said.object.field(&stages.pipeline.probability)?;
    let PartType::Number(decimals) = field.kind.whole_type() else { return None };
    let certain = stages.outcome().certain_probability();
    if let Some(Value::Number(given)) = said.given(&field.name, values) {
        let certain = certain.filter(|percent| scaled_percent(*percent, decimals) != *given)?;
        let message = format!(
            "{} is {certain} % in {}, not {} %; change the stage as well",
            field.label,
            stages.after.label,
            format_scaled(*given, decimals),
        );
        return Some(Issue::new(field.name.as_str(), "contradicts_stage", message));
    }
    let is_emptied = certain.is_some() && values.get(&field.name).is_some_and(Value::is_null);
    if stages.is_entered() || is_emptied {
        let percent = certain.or(stages.after.probability)?;
        values.insert(field.name.clone(), Value::Number(scaled_percent(percent, decimals)));
    }
    None
}

/// A record that is closed leaves the forecast's open categories, unless it has been put into a fitting one by
/// hand while it was open.
fn settle_forecast(said: &Said<'_>, stages: &Stages<'_>, values: &mut NewValues) -> Option<Issue> {
    let forecast = &stages.pipeline.forecast;
    let field = said.object.field(&forecast.field)?;
    let outcome = stages.outcome();
    if let Some(Value::Select(given)) = said.given(&field.name, values) {
        if forecast.allows(outcome, given) {
            return None;
        }
        let label = |value: &str| {
            let known = field.kind.options().iter().find(|option| option.value == value);
            known.map_or_else(|| value.to_owned(), |option| option.label.clone())
        };
        let message = match outcome {
            Outcome::Open => format!("{} is for what is won; {} is open", label(given), stages.after.label),
            Outcome::Won | Outcome::Lost => format!(
                "{} is {} or {} in {}, not {}",
                field.label,
                label(&forecast.closed),
                label(&forecast.omitted),
                stages.after.label,
                label(given)
            ),
        };
        return Some(Issue::new(field.name.as_str(), "contradicts_stage", message));
    }
    let is_emptied = values.get(&field.name).is_some_and(Value::is_null);
    if !stages.is_entered() && !is_emptied {
        return None;
    }
    let option = forecast.option(outcome)?;
    let by_hand = match said.current.get(&field.name) {
        Some(Value::Select(current)) => !stages.was_closed() && forecast.allows(outcome, current),
        _ => false,
    };
    if !by_hand || is_emptied {
        values.insert(field.name.clone(), Value::Select(option.to_owned()));
    }
    None
}

/// A record that is opened again gets back what its closing overwrote, unless the caller says otherwise.
pub(crate) async fn reopen(
    work: &mut Work<'_, '_>,
    said: &Said<'_>,
    id: RecordId,
    values: &mut NewValues,
) -> Result<(), Error> {
    let Some(stages) = said.stages(values) else { return Ok(()) };
    if !stages.was_closed() || stages.outcome().is_closed() {
        return Ok(());
    }
    let closing = closing(work, said.object, stages.pipeline, id).await?;
    let forecast = &stages.pipeline.forecast;
    for name in [&forecast.field, &stages.pipeline.close_date] {
        let Some(field) = said.object.field(name) else { continue };
        if said.given.contains(name) {
            continue;
        }
        let was = closing
            .get(name)
            .and_then(|change| parse_value(field, &change.before, None, &Locale::default()).ok());
        match was {
            Some(value) => {
                values.insert(name.clone(), value);
            }
            None if *name == forecast.field && is_of_closing(said, &stages, !closing.is_empty()) => {
                values.insert(name.clone(), default(field));
            }
            None => {}
        }
    }
    Ok(())
}

/// Whether the record's category is one that closing gave it: where it is known what that changed, only one that
/// no open record has.
fn is_of_closing(said: &Said<'_>, stages: &Stages<'_>, is_known: bool) -> bool {
    let forecast = &stages.pipeline.forecast;
    match said.current.get(&forecast.field) {
        Some(Value::Select(current)) if is_known => !forecast.allows(Outcome::Open, current),
        Some(Value::Select(current)) => *current == forecast.closed || *current == forecast.omitted,
        _ => !is_known,
    }
}

fn default(field: &Field) -> Value {
    let default = field.default.as_ref().unwrap_or(&Json::Null);
    parse_value(field, default, None, &Locale::default()).unwrap_or(Value::Null)
}

/// What the update changed that closed the record.
async fn closing(
    work: &mut Work<'_, '_>,
    object: &Object,
    pipeline: &Pipeline,
    id: RecordId,
) -> Result<Changes, Error> {
    let options = object.field(&pipeline.stage).map(|field| field.kind.options()).unwrap_or_default();
    let is_closed = |stage: &Json| {
        let option = options.iter().find(|option| stage.as_str() == Some(option.value.as_str()));
        option.and_then(|option| option.outcome).is_some_and(Outcome::is_closed)
    };
    let statement = Query::select()
        .column("changes")
        .from(work.tx.table("timeline_entries"))
        .and_where(Expr::col("record_id").eq(id.as_uuid()))
        .and_where(Expr::col("object").eq(object.name.as_str()))
        .and_where(Expr::col("name").eq(format!("{}.updated", object.name)))
        .and_where(Expr::col("linked_id").is_null())
        .order_by("id", Order::Desc)
        .limit(UPDATES)
        .take();
    for row in work.tx.fetch_all(&statement).await? {
        let changes: Changes = serde_json::from_str(&row.get::<String>(0)?).map_err(Error::Entry)?;
        let stage = changes.get(&pipeline.stage);
        if stage.is_some_and(|change| is_closed(&change.after) && !is_closed(&change.before)) {
            return Ok(changes);
        }
    }
    Ok(Changes::new())
}
