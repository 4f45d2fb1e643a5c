//! The records after a run: as they are expected, and nothing else changed.
//!
//! | module | holds |
//! |---|---|
//! | `changes` | what changed, record by record |
//! | `canonical` | values as they are compared |
//! | `assertions` | records that are so |
//! | `follows` | what Kontor fills in by itself |
//! | `same_as` | the records that reference operations leave |

mod assertions;
mod canonical;
mod changes;
mod follows;
mod same_as;

use kontor_core::{
    metadata::{Field, Object, system_fields},
    value::Values,
};

pub(crate) use self::assertions::holding;
use super::{Judged, Observed, Verdict};
use crate::dataset::State;

/// The most differences that are told.
const MOST_TOLD: usize = 20;

/// Whether the records are as expected.
pub(crate) fn judge(expected: &State, observed: &Observed) -> Judged {
    let mut wrong = if expected.same_as.is_empty() {
        assertions::wrong(&expected.records, &expected.ignore, observed)?
    } else {
        match &observed.reference {
            Some(Ok(reference)) => same_as::differences(&expected.ignore, reference, observed),
            Some(Err(reason)) => return Err(format!("the reference operations could not be run: {reason}")),
            None => return Err("the reference operations were not run".to_owned()),
        }
    };
    if wrong.len() > MOST_TOLD {
        let more = wrong.len() - MOST_TOLD;
        wrong.truncate(MOST_TOLD);
        wrong.push(format!("and {more} more"));
    }
    Ok(Verdict::of(wrong))
}

/// What is compared of a record: all but times, versions, positions and who did it.
fn is_compared(field: &Field) -> bool {
    !field.is_system && field.name != *system_fields::POSITION
}

/// Whether an object, or a field of it, may change without being named.
fn is_ignored(ignore: &[String], object: &Object, field: Option<&Field>) -> bool {
    ignore.iter().any(|pattern| match (pattern.split_once('.'), field) {
        (None, _) => pattern == object.name.as_str(),
        (Some((of, name)), Some(field)) => {
            (of == "*" || of == object.name.as_str()) && name == field.name.as_str()
        }
        (Some(_), None) => false,
    })
}

/// `deal “Hellwig renewal”`.
fn told(object: &Object, values: &Values) -> String {
    let label = object.field(object.label_field.as_str()).and_then(|field| {
        let text = values.get(field.name.as_str())?.display(&field.kind);
        (!text.is_empty()).then_some(text)
    });
    match label {
        Some(label) => format!("{} “{label}”", object.name),
        None => format!("a {} without a name", object.name),
    }
}
