//! Records that are so after a run, and nothing else that changed.

use std::collections::{BTreeMap, BTreeSet};

use kontor_core::{
    filter::{Asker, Filter, OwnRecord, parse_filter},
    metadata::{Field, Object},
    text,
    value::{Values, parse_value},
};
use serde_json::Value as Json;

use super::{
    super::{Everything, Observed, Records, observed::Looking},
    canonical,
    changes::{self, Change},
    follows, is_ignored, told,
};
use crate::dataset::RecordAssertion;

/// An assertion with its filter read.
struct Assertion<'a> {
    said: &'a RecordAssertion,
    object: &'a Object,
    filter: Filter,
    /// The fields that it names, each with the parts that are named where it is not the whole.
    named: BTreeMap<&'a str, Vec<&'a str>>,
}

/// What is not as asserted, and what else changed.
///
/// # Errors
/// An object, field or filter that is not there: the case could not be judged.
pub(super) fn wrong(
    said: &[RecordAssertion],
    ignore: &[String],
    observed: &Observed,
) -> Result<Vec<String>, String> {
    let assertions =
        said.iter().map(|said| Assertion::read(said, observed)).collect::<Result<Vec<_>, _>>()?;
    let mut wrong = Vec::new();
    for assertion in &assertions {
        assertion.check(observed, &mut wrong)?;
    }
    for change in changes::between(&observed.schema, &observed.before, &observed.after) {
        if !is_ignored(ignore, change.object, None) {
            unnamed(&change, &assertions, ignore, observed, &mut wrong);
        }
    }
    Ok(wrong)
}

/// Which of these assertions hold, whatever else changed, in words.
///
/// # Errors
/// An object, field or filter that is not there.
pub(crate) fn holding(said: &[RecordAssertion], observed: &Observed) -> Result<Vec<String>, String> {
    let mut holding = Vec::new();
    for said in said {
        let assertion = Assertion::read(said, observed)?;
        let mut wrong = Vec::new();
        assertion.check(observed, &mut wrong)?;
        if wrong.is_empty() {
            holding.push(format!("{} {} is as the attacker wants it", said.object, assertion.condition()));
        }
    }
    Ok(holding)
}

impl<'a> Assertion<'a> {
    fn read(said: &'a RecordAssertion, observed: &'a Observed) -> Result<Self, String> {
        let schema = &observed.schema;
        let Some(object) = schema.object(&said.object) else {
            let near =
                text::suggestion(&said.object, schema.objects().iter().map(|known| known.name.as_str()));
            return Err(format!("there is no object {:?}.{near}", said.object));
        };
        let own = OwnRecord::new();
        let asker = Asker { me: observed.member, own: &own, now: observed.now, locale: observed.locale };
        let json = Json::Object(said.filter.clone());
        let filter = parse_filter(&json, object, schema, &Everything, asker).map_err(|issues| {
            let issues: Vec<_> = issues.iter().map(ToString::to_string).collect();
            format!("the filter on {} cannot be read: {}", said.object, issues.join("; "))
        })?;
        let mut named = BTreeMap::new();
        for (name, json) in &said.values {
            let Some(field) = object.field(name) else {
                let near = text::suggestion(name, object.fields.iter().map(|field| field.name.as_str()));
                return Err(format!("{} has no field {name:?}.{near}", said.object));
            };
            named.insert(name.as_str(), parts_named(field, json));
        }
        for path in paths(&said.filter) {
            let (name, part) = path.split_once('.').map_or((path, None), |(name, part)| (name, Some(part)));
            let Some(field) = object.field(name) else { continue };
            match (part, named.get_mut(name)) {
                // A condition on a related record names the relation.
                (Some(part), None) if field.kind.parts().contains(&part) => {
                    named.insert(name, vec![part]);
                }
                (Some(part), Some(parts)) if !parts.is_empty() => parts.push(part),
                (Some(_), Some(_)) => {}
                (_, known) => match known {
                    Some(_) => {}
                    None => drop(named.insert(name, Vec::new())),
                },
            }
        }
        Ok(Self { said, object, filter, named })
    }

    /// In words: `where {"name":…}`.
    fn condition(&self) -> String {
        if self.said.filter.is_empty() {
            return String::new();
        }
        format!("where {}", text::excerpt(&Json::Object(self.said.filter.clone()).to_string(), 200))
    }

    fn matches(&self, observed: &Observed, records: &Records, values: &Values) -> bool {
        self.filter.matches(self.object, values, &Looking { schema: &observed.schema, records })
    }

    fn check(&self, observed: &Observed, wrong: &mut Vec<String>) -> Result<(), String> {
        let said = self.said;
        let all = observed.after.all(&said.object);
        let matching: Vec<_> =
            all.filter(|(_, values)| self.matches(observed, &observed.after, values)).collect();
        let count = matching.len() as u64;
        let (least, most) = match (said.count, said.at_least, said.at_most) {
            (Some(count), ..) => (count, count),
            (None, None, None) => (1, 1),
            (None, least, most) => (least.unwrap_or(0), most.unwrap_or(u64::MAX)),
        };
        if count < least || count > most {
            let expected = match (least, most) {
                (least, most) if least == most => least.to_string(),
                (least, u64::MAX) => format!("at least {least}"),
                (0, most) => format!("at most {most}"),
                (least, most) => format!("{least} to {most}"),
            };
            let condition = self.condition();
            wrong.push(
                format!("{count} {} {condition} instead of {expected}", said.object).replace("  ", " "),
            );
        }
        for (id, values) in matching {
            let before = observed.before.get(&said.object, id);
            for (name, json) in &said.values {
                let Some(field) = self.object.field(name) else { continue };
                let was = before.and_then(|before| before.get(name));
                // Parts that are not named are expected to be as they were.
                let expected = match parse_value(field, json, was, &observed.locale) {
                    Ok(value) => canonical::of(field, Some(&value)),
                    Err(issues) => {
                        let issues: Vec<_> = issues.iter().map(ToString::to_string).collect();
                        let reason = issues.join("; ");
                        return Err(format!("{}.{name} cannot be {json}: {reason}", said.object));
                    }
                };
                let is = canonical::of(field, values.get(name));
                if is != expected {
                    wrong
                        .push(format!("{}: {name} is {is} instead of {expected}", told(self.object, values)));
                }
            }
        }
        Ok(())
    }
}

/// What changed that no assertion names.
fn unnamed(
    change: &Change<'_>,
    assertions: &[Assertion<'_>],
    ignore: &[String],
    observed: &Observed,
    wrong: &mut Vec<String>,
) {
    let about: Vec<_> = assertions
        .iter()
        .filter(|assertion| assertion.said.object == change.object.name.as_str())
        .filter(|assertion| {
            let matches = |values: Option<&Values>, records| {
                values.is_some_and(|values| assertion.matches(observed, records, values))
            };
            matches(change.before, &observed.before) || matches(change.after, &observed.after)
        })
        .collect();
    let Some(after) = change.after else {
        let is_named = about.iter().any(|assertion| {
            let said = assertion.said;
            said.count.or(said.at_most).is_some_and(|most| most == 0) || said.at_most.is_some()
        });
        if !is_named {
            let before = change.before.map(|before| told(change.object, before)).unwrap_or_default();
            wrong.push(format!("{before} was deleted"));
        }
        return;
    };
    let is_new = change.before.is_none();
    let names_new = |assertion: &&Assertion<'_>| assertion.matches(observed, &observed.after, after);
    if is_new && !about.iter().any(names_new) {
        wrong.push(format!("{} was made", told(change.object, after)));
        return;
    }
    let names: BTreeSet<_> = about.iter().flat_map(|assertion| assertion.named.keys().copied()).collect();
    for field in change.fields() {
        let name = field.name.as_str();
        let value =
            |values: Option<&Values>| canonical::of(field, values.and_then(|values| values.get(name)));
        let (was, is) = (value(change.before), value(Some(after)));
        let parts = about.iter().filter_map(|assertion| assertion.named.get(name));
        let is_named = parts.clone().any(|parts| {
            let all: Vec<_> = parts.clone();
            all.is_empty() || is_new || canonical::without(&was, &all) == canonical::without(&is, &all)
        });
        let is_left = is_ignored(ignore, change.object, Some(field))
            || follows::is_consequence(change, field, &|name| names.contains(name), observed);
        if !is_named && !is_left {
            let told = told(change.object, after);
            wrong.push(match is_new {
                true => format!("{told} was made with {name} {is}, which nothing names"),
                false => format!("{told}: {name} was changed from {was} to {is}, which nothing names"),
            });
        }
    }
}

/// The parts of a composite value that are named; none where it is the whole.
fn parts_named<'a>(field: &Field, json: &'a Json) -> Vec<&'a str> {
    match json {
        Json::Object(members) if !field.kind.parts().is_empty() => {
            members.keys().map(String::as_str).collect()
        }
        _ => Vec::new(),
    }
}

/// The paths that a filter has conditions on.
fn paths(filter: &serde_json::Map<String, Json>) -> Vec<&str> {
    let mut found = Vec::new();
    let mut open = vec![filter];
    while let Some(members) = open.pop() {
        for (name, json) in members {
            match (name.as_str(), json) {
                ("and" | "or", Json::Array(parts)) => open.extend(parts.iter().filter_map(Json::as_object)),
                ("not", Json::Object(part)) => open.push(part),
                (path, _) => found.push(path),
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_paths_of_a_filter_are_found_in_its_connectives() {
        let filter = serde_json::json!({
            "and": [{"stage": {"eq": "LEAD"}}, {"not": {"amount.amount": {"gte": 1}}}],
            "or": [{"name": {"eq": "a"}}],
        });
        let mut found = paths(filter.as_object().unwrap());
        found.sort_unstable();
        assert_eq!(found, ["amount.amount", "name", "stage"]);
    }
}
