//! What Kontor fills in by itself, which nobody has to name: defaults, what follows from a stage, and the two ways in
//! which a record says what it is about.

use kontor_core::filter::PartType;
use kontor_core::{
    metadata::{DefaultOfMoment, Field, Object, Outcome, SelectOption, system_fields},
    value::{Value, Values, parse_value, scaled_percent},
};

use super::{super::Observed, changes::Change};

/// Whether a field of a change is what Kontor made of the fields that are named.
pub(super) fn is_consequence(
    change: &Change<'_>,
    field: &Field,
    is_named: &dyn Fn(&str) -> bool,
    observed: &Observed,
) -> bool {
    let Some(after) = change.after else { return false };
    let value = after.get(field.name.as_str()).unwrap_or(&Value::Null);
    let is_default = change.before.is_none() && (value.is_null() || is_default(field, value, observed));
    is_default
        || follows_target(change.object, field, is_named)
        || follows_stage(change, field, is_named, observed)
}

/// Whether a new record has this value without being given it.
fn is_default(field: &Field, value: &Value, observed: &Observed) -> bool {
    let me = || observed.member.is_some_and(|me| *value == Value::Relation(me.as_uuid().into()));
    if field.name == *system_fields::OWNER {
        return me();
    }
    let Some(default) = &field.default else { return false };
    match field.kind.default_of_moment(default) {
        Some(DefaultOfMoment::Now) => *value == Value::DateTime(observed.now),
        Some(DefaultOfMoment::Today) => *value == today(observed),
        Some(DefaultOfMoment::Me) => me(),
        None => parse_value(field, default, None, &observed.locale).is_ok_and(|default| default == *value),
    }
}

fn today(observed: &Observed) -> Value {
    Value::Date(observed.locale.time_zone.date(observed.now))
}

/// A record says twice what it is about: `target`, and the relation to an object of that name. Where one is named, the
/// other follows.
fn follows_target(object: &Object, field: &Field, is_named: &dyn Fn(&str) -> bool) -> bool {
    let relation_named =
        |targets: &[kontor_core::metadata::Name]| targets.iter().any(|name| is_named(name.as_str()));
    match field.kind.targets() {
        Some(targets) => relation_named(targets),
        None => object.fields.iter().any(|other| {
            let is_about = |targets: &[kontor_core::metadata::Name]| targets.contains(&field.name);
            other.kind.targets().is_some_and(is_about) && is_named(other.name.as_str())
        }),
    }
}

/// A record that enters a stage gets the stage's chance, and one that is closed its day and its forecast.
fn follows_stage(
    change: &Change<'_>,
    field: &Field,
    is_named: &dyn Fn(&str) -> bool,
    observed: &Observed,
) -> bool {
    let (Some(pipeline), Some(after)) = (&change.object.pipeline, change.after) else { return false };
    let stage_of = |values: &Values| stage(change.object, values).cloned();
    let (was, is) = (change.before.and_then(stage_of), stage_of(after));
    // The stage of a new record may be the default one.
    let is_entered = change.before.is_none() || (was != is && is_named(pipeline.stage.as_str()));
    let Some(is) = is.filter(|_| is_entered) else { return false };
    let outcome = is.outcome.unwrap_or(Outcome::Open);
    let value = after.get(field.name.as_str()).unwrap_or(&Value::Null);
    let is_reopened = was.and_then(|was| was.outcome).is_some_and(Outcome::is_closed) && !outcome.is_closed();
    if field.name == pipeline.probability {
        let PartType::Number(decimals) = field.kind.whole_type() else { return false };
        let percent = outcome.certain_probability().or(is.probability);
        let expected = percent.map(|percent| Value::Number(scaled_percent(percent, decimals)));
        is_reopened || expected.is_some_and(|expected| expected == *value)
    } else if field.name == pipeline.forecast.field {
        let is_expected = |option: &str| *value == Value::Select(option.to_owned());
        is_reopened || pipeline.forecast.option(outcome).is_some_and(is_expected)
    } else if field.name == pipeline.close_date {
        is_reopened || (outcome.is_closed() && *value == today(observed))
    } else {
        false
    }
}

fn stage<'o>(object: &'o Object, values: &Values) -> Option<&'o SelectOption> {
    let field = object.field(object.pipeline.as_ref()?.stage.as_str())?;
    let Some(Value::Select(value)) = values.get(field.name.as_str()) else { return None };
    field.kind.options().iter().find(|option| option.value == *value)
}
