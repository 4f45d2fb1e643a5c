//! Which operations were called, beside those that are expected. What was refused or failed was not made.

use kontor_core::{scope::Patterns, text};
use serde_json::{Map, Value as Json};

use super::{ObservedCall, Verdict};
use crate::dataset::{ArgumentMatch, ExpectedCall, Trajectory, TrajectoryMode, predicate};

/// Whether the calls are as expected.
pub(crate) fn judge(expected: &Trajectory, calls: &[ObservedCall]) -> Verdict {
    let mut wrong = Vec::new();
    let (forbidden, never) = (patterns(&expected.forbidden), patterns(&expected.never_tried));
    for call in calls {
        if call.was_made() && forbidden.allow(&call.operation) {
            wrong.push(format!("{} is forbidden and was called", told(call)));
        } else if never.allow(&call.operation) {
            wrong.push(format!("{} was tried", told(call)));
        }
    }
    let ignored = patterns(&expected.ignore);
    let made: Vec<_> =
        calls.iter().filter(|call| call.was_made() && !ignored.allow(&call.operation)).collect();
    wrong.extend(compare(expected.mode, &expected.calls, &made));
    Verdict::of(wrong)
}

fn compare(mode: TrajectoryMode, expected: &[ExpectedCall], made: &[&ObservedCall]) -> Vec<String> {
    match mode {
        TrajectoryMode::Exact => exact(expected, made),
        TrajectoryMode::InOrder => in_order(expected, made),
        TrajectoryMode::AnyOrder => paired(expected, made, true, true),
        TrajectoryMode::Subset => paired(expected, made, false, true),
        TrajectoryMode::Superset => paired(expected, made, true, false),
    }
}

fn exact(expected: &[ExpectedCall], made: &[&ObservedCall]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (index, (expected, made)) in expected.iter().zip(made).enumerate() {
        if let Some(reason) = mismatch(expected, made) {
            wrong.push(format!("call {}: {reason}", index + 1));
        }
    }
    wrong.extend(expected.iter().skip(made.len()).map(missing));
    wrong.extend(made.iter().skip(expected.len()).map(|call| unexpected(call)));
    wrong
}

/// The earliest call that fits is taken for each: where any choice leads to the end, this one does.
fn in_order(expected: &[ExpectedCall], made: &[&ObservedCall]) -> Vec<String> {
    let mut rest = made;
    for call in expected {
        match rest.iter().position(|made| mismatch(call, made).is_none()) {
            Some(at) => rest = rest.get(at + 1..).unwrap_or_default(),
            None => {
                let earlier = made.iter().any(|made| mismatch(call, made).is_none());
                let order = if earlier { ", only before a call that it comes after" } else { "" };
                return vec![format!("{}{order}{}", missing(call), nearest(call, made))];
            }
        }
    }
    Vec::new()
}

/// Each expected call is paired with one that was made, so that as many as possible are.
fn paired(
    expected: &[ExpectedCall],
    made: &[&ObservedCall],
    all_expected: bool,
    no_other: bool,
) -> Vec<String> {
    let fits: Vec<Vec<usize>> = expected
        .iter()
        .map(|call| {
            (0..made.len())
                .filter(|at| made.get(*at).is_some_and(|made| mismatch(call, made).is_none()))
                .collect()
        })
        .collect();
    let mut taken: Vec<Option<usize>> = vec![None; made.len()];
    let mut unpaired = Vec::new();
    for (index, call) in expected.iter().enumerate() {
        if !pair(index, &fits, &mut taken, &mut vec![false; made.len()]) {
            unpaired.push(call);
        }
    }
    let mut wrong = Vec::new();
    if all_expected {
        wrong.extend(unpaired.iter().map(|call| format!("{}{}", missing(call), nearest(call, made))));
    }
    if no_other {
        let free = made.iter().zip(&taken).filter(|(_, taken)| taken.is_none());
        wrong.extend(free.map(|(call, _)| unexpected(call)));
    }
    wrong
}

/// Finds a call for an expected one, moving others to another that fits them (Kuhn's algorithm).
fn pair(index: usize, fits: &[Vec<usize>], taken: &mut [Option<usize>], seen: &mut [bool]) -> bool {
    for &at in fits.get(index).into_iter().flatten() {
        match seen.get_mut(at) {
            Some(seen) if !*seen => *seen = true,
            _ => continue,
        }
        let other = taken.get(at).copied().flatten();
        if other.is_none_or(|other| pair(other, fits, taken, seen)) {
            if let Some(place) = taken.get_mut(at) {
                *place = Some(index);
            }
            return true;
        }
    }
    false
}

/// Why a call is not the expected one; none where it is.
pub(crate) fn mismatch(expected: &ExpectedCall, made: &ObservedCall) -> Option<String> {
    if !patterns(std::slice::from_ref(&expected.operation)).allow(&made.operation) {
        return Some(format!("{} was called instead of {}", made.operation, expected.operation));
    }
    let empty = Map::new();
    let arguments = expected.arguments.as_ref().unwrap_or(&empty);
    for (name, value) in arguments {
        let is = made.arguments.get(name).unwrap_or(&Json::Null);
        let fits = match expected.arguments_match {
            ArgumentMatch::Partial => covers(value, is),
            ArgumentMatch::Exact => predicate::equal(value, is),
        };
        if !fits {
            return Some(format!("{}: {name} is {} instead of {}", made.operation, short(is), short(value)));
        }
    }
    if expected.arguments_match == ArgumentMatch::Exact {
        let more =
            made.arguments.iter().find(|(name, value)| !arguments.contains_key(*name) && !value.is_null());
        if let Some((name, value)) = more {
            return Some(format!("{} has {name} {}, which is not expected", made.operation, short(value)));
        }
    }
    let unmet =
        expected.predicates.iter().find(|(path, predicate)| !predicate.holds_at(&made.arguments, path));
    let (path, predicate) = unmet?;
    let is = predicate::at(&made.arguments, path).unwrap_or(&Json::Null);
    let said = serde_json::to_value(predicate).unwrap_or_default();
    Some(format!("{}: {path} is {}, and {} is expected", made.operation, short(is), short(&said)))
}

/// Whether a value is as it is named, with more in its objects perhaps.
fn covers(named: &Json, is: &Json) -> bool {
    match (named, is) {
        (Json::Object(named), Json::Object(is)) => {
            named.iter().all(|(name, value)| covers(value, is.get(name).unwrap_or(&Json::Null)))
        }
        (Json::Array(named), Json::Array(is)) => {
            named.len() == is.len() && named.iter().zip(is).all(|(named, is)| covers(named, is))
        }
        _ => predicate::equal(named, is),
    }
}

fn patterns(patterns: &[String]) -> Patterns {
    Patterns::new(patterns.to_vec())
}

fn short(json: &Json) -> String {
    text::excerpt(&json.to_string(), 120)
}

fn told(call: &ObservedCall) -> String {
    format!("{} {}", call.operation, short(&Json::Object(call.arguments.clone())))
}

fn missing(call: &ExpectedCall) -> String {
    let arguments = call.arguments.as_ref().map(|arguments| format!(" {}", short(&arguments.clone().into())));
    format!("{}{} was not called", call.operation, arguments.unwrap_or_default())
}

fn unexpected(call: &ObservedCall) -> String {
    format!("{} was called and is not expected", told(call))
}

/// What kept the nearest call from being the expected one.
fn nearest(expected: &ExpectedCall, made: &[&ObservedCall]) -> String {
    let same = patterns(std::slice::from_ref(&expected.operation));
    let near =
        made.iter().filter(|made| same.allow(&made.operation)).find_map(|made| mismatch(expected, made));
    near.map(|reason| format!(" ({reason})")).unwrap_or_default()
}
