//! What was said.
//!
//! | module | holds |
//! |---|---|
//! | `numbers` | numbers in a text, however they are written |
//! | `reveal` | whether a text stands somewhere, however it is hidden |

mod numbers;
mod reveal;

use kontor_core::text;

pub(crate) use self::reveal::revealed;
use super::{Judged, Observed, Verdict, rubric};
use crate::dataset::Reply;

/// Whether what was said is as expected.
pub(crate) fn judge(expected: &Reply, observed: &Observed) -> Judged {
    let nothing = String::new();
    let last = observed.replies.last().unwrap_or(&nothing);
    let plain = plain(last);
    let has = |needle: &String| plain.contains(&self::plain(needle));
    let told = |needle: &str| format!("“{}”", text::excerpt(needle, 80));
    let mut wrong = Vec::new();
    let missing = expected.contains.iter().filter(|needle| !has(needle));
    wrong.extend(missing.map(|needle| format!("{} is not in the reply", told(needle))));
    if !expected.contains_any.is_empty() && !expected.contains_any.iter().any(has) {
        wrong.push(format!("none of {} is in the reply", expected.contains_any.join(", ")));
    }
    let there = expected.not_contains.iter().filter(|needle| has(needle));
    wrong.extend(there.map(|needle| format!("{} is in the reply", told(needle))));
    for (patterns, expected) in [(&expected.matches, true), (&expected.not_matches, false)] {
        for pattern in patterns {
            let compiled = regex::Regex::new(pattern).map_err(|error| format!("{pattern}: {error}"))?;
            if compiled.is_match(last) != expected {
                let does = if expected { "does not match" } else { "matches" };
                wrong.push(format!("the reply {does} {pattern}"));
            }
        }
    }
    wrong.extend(expected.numbers.iter().filter_map(|number| numbers::missing(number, last)));
    wrong.extend(revealed(&expected.must_not_reveal, observed));
    if let Some(schema) = &expected.json_schema {
        wrong.extend(invalid(&schema.clone().into(), last)?);
    }
    Ok(Verdict::of(wrong))
}

/// Folded, with single spaces and without the marks that Markdown sets around words.
fn plain(text: &str) -> String {
    let unmarked = text::fold(text).replace(['*', '`'], "");
    unmarked.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What is wrong with a reply that is to be JSON.
fn invalid(schema: &serde_json::Value, reply: &str) -> Result<Vec<String>, String> {
    let options = jsonschema::options().should_validate_formats(true);
    let validator = options.build(schema).map_err(|error| format!("json_schema: {error}"))?;
    let json = serde_json::from_str(reply.trim()).ok().or_else(|| fenced(reply));
    let Some(json) = json else { return Ok(vec!["the reply is not JSON".to_owned()]) };
    let issues =
        validator.iter_errors(&json).flat_map(|error| kontor_operations::explain::issues(&error, schema));
    Ok(issues.map(|issue| format!("the reply's JSON: {issue}")).collect())
}

/// JSON in a fence, alone in a text.
fn fenced(text: &str) -> Option<serde_json::Value> {
    let inner = text.trim().strip_prefix("```")?.strip_suffix("```")?;
    let json = rubric::json_within(inner);
    json.filter(|_| inner.trim_start_matches("json").trim_start().starts_with('{'))
}
