//! A configuration of promptfoo: each test is a case for each prompt, with its variables put in.

use minijinja::{Environment, UndefinedBehavior, value::Serde};
use serde_json::{Map, Value as Json};

use super::{Found, ImportError, Imported, plain};
use crate::dataset::{Expectations, Limits, Reply, Rubric};

/// Reads a configuration, in YAML or JSON.
///
/// # Errors
/// A text that is no such object.
pub fn promptfoo(name: &str, text: &str) -> Result<Imported, ImportError> {
    let unreadable = |told: String| ImportError::Unreadable(told);
    let json: Json = serde_yaml_ng::from_str(text).map_err(|error| unreadable(error.to_string()))?;
    let Json::Object(config) = json else {
        return Err(unreadable("line 1: expected an object with prompts and tests".to_owned()));
    };
    let mut found = Found::default();
    for name in config.keys() {
        if !matches!(name.as_str(), "description" | "prompts" | "tests" | "defaultTest" | "$schema") {
            found.unsupported(name, "it has no counterpart here");
        }
    }
    let prompts = prompts(config.get("prompts"), &mut found);
    let default = object(config.get("defaultTest"));
    match config.get("tests") {
        Some(Json::Array(tests)) => {
            for (index, test) in tests.iter().enumerate() {
                match test {
                    Json::Object(test) => take(&mut found, &prompts, &default, test, index),
                    _ => found.unsupported(&format!("tests[{index}]"), "a test that is not an object"),
                }
            }
        }
        _ => found.unsupported("tests", "tests in a file of their own, or none"),
    }
    let description = config.get("description").and_then(Json::as_str).unwrap_or_default();
    found.into_imported(name, description.to_owned())
}

fn object(json: Option<&Json>) -> Map<String, Json> {
    json.and_then(Json::as_object).cloned().unwrap_or_default()
}

fn prompts(json: Option<&Json>, found: &mut Found) -> Vec<String> {
    let all = match json {
        Some(Json::Array(all)) => all.clone(),
        Some(one @ Json::String(_)) => vec![one.clone()],
        _ => Vec::new(),
    };
    let mut prompts = Vec::new();
    for (index, prompt) in all.iter().enumerate() {
        match prompt {
            Json::String(text) if !text.starts_with("file://") => prompts.push(text.clone()),
            _ => found.unsupported(&format!("prompts[{index}]"), "a prompt that is not a text"),
        }
    }
    prompts
}

fn take(
    found: &mut Found,
    prompts: &[String],
    default: &Map<String, Json>,
    test: &Map<String, Json>,
    index: usize,
) {
    let at = format!("tests[{index}]");
    for name in test.keys().filter(|name| !matches!(name.as_str(), "description" | "vars" | "assert")) {
        found.unsupported(&format!("{at}.{name}"), "it has no counterpart here");
    }
    let mut vars = object(default.get("vars"));
    vars.extend(object(test.get("vars")));
    let mut expect = Expectations::default();
    for (assertions, at) in
        [(default.get("assert"), "defaultTest".to_owned()), (test.get("assert"), at.clone())]
    {
        for (place, assertion) in assertions.and_then(Json::as_array).into_iter().flatten().enumerate() {
            let path = format!("{at}.assert[{place}]");
            if let Err(reason) = assert(&mut expect, assertion) {
                let told = found.unsupported.iter().any(|issue| issue.path == path);
                if !told {
                    found.unsupported(&path, reason);
                }
            }
        }
    }
    for (place, prompt) in prompts.iter().enumerate() {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(100_000));
        match environment.render_str(prompt, Serde(&vars)) {
            Ok(said) => {
                let described = test.get("description").and_then(Json::as_str).map(str::trim);
                let described = described.filter(|text| !text.is_empty()).map(str::to_owned);
                let mut name = described.unwrap_or_else(|| format!("test {}", index + 1));
                if prompts.len() > 1 {
                    name = format!("{name}, prompt {}", place + 1);
                }
                let mut case = plain(name, vec![said]);
                case.expect = expect.clone();
                found.take(case, &at);
            }
            Err(error) => found.unsupported(&format!("prompts[{place}]"), format!("for {at}: {error:#}")),
        }
    }
}

/// Adds what an assertion expects.
fn assert(expect: &mut Expectations, assertion: &Json) -> Result<(), String> {
    let kind = assertion.get("type").and_then(Json::as_str).unwrap_or_default();
    let value = assertion.get("value");
    let text = || match value {
        Some(Json::String(text)) if !text.starts_with("file://") => Ok(text.clone()),
        Some(Json::Number(number)) => Ok(number.to_string()),
        _ => Err(format!("{kind} with a value that is not a text")),
    };
    let texts = || -> Result<Vec<String>, String> {
        let all = value.and_then(Json::as_array).ok_or_else(|| format!("{kind} without a list of texts"))?;
        all.iter()
            .map(|one| one.as_str().map(str::to_owned).ok_or_else(|| format!("{kind}: {one}")))
            .collect()
    };
    let number = || {
        let threshold = assertion.get("threshold").and_then(Json::as_f64);
        threshold.ok_or_else(|| format!("{kind} without a threshold"))
    };
    let mut reply = expect.reply.clone().unwrap_or_default();
    match kind {
        "contains" | "icontains" => reply.contains.push(text()?),
        "contains-all" | "icontains-all" => reply.contains.extend(texts()?),
        "contains-any" | "icontains-any" if reply.contains_any.is_empty() => reply.contains_any = texts()?,
        "not-contains" | "not-icontains" => reply.not_contains.push(text()?),
        "regex" => reply.matches.push(pattern(&text()?)?),
        "not-regex" => reply.not_matches.push(pattern(&text()?)?),
        "equals" => reply.matches.push(format!(r"^\s*{}\s*$", regex::escape(&text()?))),
        "starts-with" => reply.matches.push(format!(r"^{}", regex::escape(&text()?))),
        "is-json" if reply.json_schema.is_none() => {
            reply.json_schema = Some(value.and_then(Json::as_object).cloned().unwrap_or_default());
        }
        "llm-rubric" => {
            let mut rubric = expect.rubric.clone().unwrap_or_else(|| Rubric::of(Vec::new()));
            rubric.criteria.push(text()?);
            expect.rubric = Some(rubric);
            return Ok(());
        }
        "cost" => {
            let limits = expect.limits.clone().unwrap_or_default();
            expect.limits = Some(Limits { cost: Some(number()?), ..limits });
            return Ok(());
        }
        "latency" => {
            let limits = expect.limits.clone().unwrap_or_default();
            let most = number()?.max(0.0);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "not negative; a cast is bounded"
            )]
            let latency_ms = Some(most as u64);
            expect.limits = Some(Limits { latency_ms, ..limits });
            return Ok(());
        }
        "" => return Err("an assertion without a type".to_owned()),
        other => return Err(format!("{other} has no counterpart here, or stands a second time")),
    }
    if reply != Reply::default() {
        expect.reply = Some(reply);
    }
    Ok(())
}

fn pattern(pattern: &str) -> Result<String, String> {
    match regex::Regex::new(pattern) {
        Ok(_) => Ok(pattern.to_owned()),
        Err(_) => Err(format!("{pattern} is no regular expression here")),
    }
}
