//! A filter in words: `Stage is not Closed Won or Closed Lost, and Amount is over 10,000`.

use kontor_core::{
    filter::PartType,
    metadata::{Field, Object},
};
use serde_json::Value as Json;

use super::{Place, Shown, Viewer, json::untyped};

/// Deeper than this the filter is told as it is written.
const MAX_DEPTH: usize = 4;

/// The filter in words; `None` where it is not one that can be read so.
pub(crate) fn condition_words(viewer: &Viewer, object: &Object, filter: &Json) -> Option<String> {
    words(viewer, object, filter, 0).filter(|text| !text.is_empty())
}

fn words(viewer: &Viewer, object: &Object, filter: &Json, depth: usize) -> Option<String> {
    if depth > MAX_DEPTH {
        return None;
    }
    let parts = filter.as_object()?.iter().map(|(name, json)| match name.as_str() {
        "and" | "or" => {
            let inner: Option<Vec<_>> =
                json.as_array()?.iter().map(|part| words(viewer, object, part, depth + 1)).collect();
            let (inner, joint) = (inner?, if name == "and" { ", and " } else { ", or " });
            let text = inner.join(joint);
            Some(if depth > 0 && inner.len() > 1 { format!("({text})") } else { text })
        }
        "not" => Some(format!("not ({})", words(viewer, object, json, depth + 1)?)),
        path => comparison(viewer, object, path, json),
    });
    Some(parts.collect::<Option<Vec<_>>>()?.join(", and "))
}

fn comparison(viewer: &Viewer, object: &Object, path: &str, json: &Json) -> Option<String> {
    let (label, field) = named(viewer, object, path)?;
    let tests = json.as_object()?.iter().map(|(operator, operand)| {
        let one = || plain(viewer, field, operand);
        let list = || {
            let items: Option<Vec<_>> =
                operand.as_array()?.iter().map(|item| plain(viewer, field, item)).collect();
            Some(items?.join(" or "))
        };
        Some(match operator.as_str() {
            "eq" => format!("{label} is {}", one()?),
            "neq" => format!("{label} is not {}", one()?),
            "in" => format!("{label} is {}", list()?),
            "not_in" => format!("{label} is not {}", list()?),
            "gt" => format!("{label} is over {}", one()?),
            "gte" => format!("{label} is at least {}", one()?),
            "lt" => format!("{label} is under {}", one()?),
            "lte" => format!("{label} is at most {}", one()?),
            "contains" => format!("{label} contains {}", one()?),
            "starts_with" => format!("{label} begins with {}", one()?),
            "is_empty" if operand == true => format!("{label} is empty"),
            "is_empty" => format!("{label} is not empty"),
            _ => return None,
        })
    });
    Some(tests.collect::<Option<Vec<_>>>()?.join(", and "))
}

/// The label of a path, and the field whose values it compares.
fn named<'a>(viewer: &'a Viewer, object: &'a Object, path: &str) -> Option<(String, &'a Field)> {
    let Some((name, part)) = path.split_once('.') else {
        let field = object.field(path)?;
        return Some((field.label.clone(), field));
    };
    let field = object.field(name)?;
    match field.kind.relation() {
        Some(object) => {
            let inner = viewer.schema.object(object)?.field(part.split('.').next()?)?;
            Some((format!("{} {}", field.label, inner.label.to_lowercase()), inner))
        }
        None => Some((format!("{} {}", field.label, part.replace('_', " ")), field)),
    }
}

/// An operand as a person reads it: an option by its label, an amount grouped.
fn plain(viewer: &Viewer, field: &Field, operand: &Json) -> Option<String> {
    let shown = match field.kind.whole_type() {
        PartType::Option => viewer.json(field, operand, Place::Cell),
        _ if operand == "$me" => return Some("me".to_owned()),
        PartType::Date | PartType::DateTime => return operand.as_str().map(str::to_owned),
        _ => untyped(operand, Place::Cell),
    };
    match shown {
        Shown::Text(text) | Shown::Number(text) | Shown::Badge { label: text, .. } => Some(text),
        _ => None,
    }
}
