//! What is looked at before a prompt is saved.

use std::sync::Arc;

use kontor_core::{
    error::{Issue, TextPosition},
    grants::Grants,
    ids::{MemberId, RecordId},
    locale::TimeZone,
    metadata::{Name, Schema},
    text,
    time::Timestamp,
};
use kontor_models::{Definitions, RecordInView, Scene, SceneMember, surface::ObjectOutline};
use uuid::Uuid;

use super::{Prompt, Values, variables};
use crate::error::Error;

/// Characters of a prompt.
const LONGEST: usize = 100_000;
/// What minijinja itself gives a template.
const GLOBALS: [&str; 6] = ["range", "dict", "namespace", "debug", "loop", "self"];

/// All that is wrong with a prompt, at `path` in the input, each with its line and column as far as they are known.
pub(crate) fn issues(path: &str, body: &str) -> Vec<Issue> {
    if body.trim().is_empty() {
        return vec![Issue::new(path, "required", "A prompt is not empty.")];
    }
    if body.chars().count() > LONGEST {
        let told = format!("A prompt has at most {LONGEST} characters.");
        return vec![Issue::new(path, "too_long", told)];
    }
    if let Some(at) = body.find('\0') {
        let told = "A prompt has no NUL characters.";
        return vec![Issue::new(path, "wrong_characters", told).at(TextPosition::of_byte(body, at))];
    }
    let prompt = match Prompt::new("", body) {
        Ok(prompt) => prompt,
        Err(error) => return vec![issue(path, body, &error)],
    };
    let unknown = unknown_names(path, body, &prompt);
    if !unknown.is_empty() {
        return unknown;
    }
    // With a record in view, and without: either may meet a name that is not there.
    let errors = samples().iter().filter_map(|sample| prompt.render(&sample.values()).err()).next();
    errors.map(|error| issue(path, body, &error)).into_iter().collect()
}

/// The names that stand for nothing, with the nearest that do.
fn unknown_names(path: &str, body: &str, prompt: &Prompt) -> Vec<Issue> {
    let known: Vec<String> = variables::all().into_iter().map(|variable| variable.name).collect();
    let is_known = |name: &str| {
        let of_part = |known: &String| known.split_once('.').is_some_and(|(part, _)| part == name);
        known.iter().any(|known| known == name) || known.iter().any(of_part) || GLOBALS.contains(&name)
    };
    let names = prompt.names().into_iter().filter(|name| !is_known(name));
    let issues = names.map(|name| {
        let near = text::suggestion(&name, known.iter().map(String::as_str));
        let told = format!("There is no variable {:?}.{near}", text::excerpt(&name, 60));
        let issue = Issue::new(path, "unknown_variable", told);
        match place_of(body, &name) {
            Some(at) => {
                let position = TextPosition::of_byte(body, at);
                let message =
                    format!("Line {}, column {}: {}", position.line, position.column, issue.message);
                Issue { message, ..issue }.at(position)
            }
            None => issue,
        }
    });
    issues.collect()
}

/// Where a name stands first within braces.
fn place_of(body: &str, name: &str) -> Option<usize> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    body.match_indices(name).map(|(at, _)| at).find(|at| {
        let (before, behind) = (&body[..*at], &body[at + name.len()..]);
        let is_inside = before
            .rfind(['{', '}'])
            .is_some_and(|brace| before[brace..].starts_with('{') || before[brace..].starts_with("{%"));
        is_inside
            && !before.chars().next_back().is_some_and(|c| is_part(c) || c == '.')
            && !behind.chars().next().is_some_and(is_part)
    })
}

fn issue(path: &str, body: &str, error: &Error) -> Issue {
    let Error::Prompt { source, .. } = error else {
        return Issue::new(path, "invalid_template", "The prompt cannot be read.");
    };
    let what = source.detail().map_or_else(|| source.kind().to_string(), str::to_owned);
    let position = match (source.range(), source.line()) {
        (Some(range), _) => Some(TextPosition::of_byte(body, range.start)),
        (None, Some(line)) => Some(TextPosition { line: u32::try_from(line).unwrap_or(u32::MAX), column: 1 }),
        (None, None) => None,
    };
    let Some(position) = position else { return Issue::new(path, "invalid_template", what) };
    let told = format!("Line {}, column {}: {what}", position.line, position.column);
    Issue::new(path, "invalid_template", told).at(position)
}

/// A scene with which a prompt is tried.
pub(super) struct Sample {
    scene: Scene,
    objects: [ObjectOutline; 1],
}

impl Sample {
    pub(super) fn values(&self) -> Values<'_> {
        let (scene, objects) = (&self.scene, &self.objects);
        Values { agent_label: "Agent", workspace: "Workspace", role: "Member", scene, objects }
    }
}

/// With a record in view, and without one.
pub(super) fn samples() -> [Sample; 2] {
    let object = Name::literal("deal");
    let record = RecordInView {
        object: object.clone(),
        label: "Renewal".to_owned(),
        id: RecordId(Uuid::nil()),
        path: format!("/records/deals/{}", Uuid::nil()),
    };
    [Some(record), None].map(|record| Sample {
        scene: Scene {
            today: TimeZone::UTC.date(Timestamp::from_micros(0)),
            time_zone: TimeZone::UTC,
            dates: Default::default(),
            member: SceneMember { id: MemberId(Uuid::nil()), name: "Ada".to_owned() },
            record,
            definitions: Arc::new(Definitions {
                schema: Arc::new(Schema::default()),
                grants: Arc::new(Grants::nothing()),
                operations: Vec::new(),
            }),
            colleagues: Arc::default(),
            successors: Arc::default(),
        },
        objects: [ObjectOutline {
            name: object.to_string(),
            plural: "deals".to_owned(),
            label: "Deals".to_owned(),
            fields: "name, amount money".to_owned(),
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_prompt_is_told_with_its_line_and_column() {
        let cases = [
            ("Hello\n  {% if %}", "invalid_template", 2, 9),
            ("Hello\n{{ memmber.name }}", "unknown_variable", 2, 4),
            ("ä {{ member.nme }}", "unknown_variable", 1, 6),
            ("{{ date }}\n{{ context.label }}", "invalid_template", 2, 4),
            ("{% for o in objects %}\n{{ o.lable }}{% endfor %}", "invalid_template", 2, 4),
            ("{{ date | upcase }}", "invalid_template", 1, 11),
        ];
        for (body, code, line, column) in cases {
            let found = issues("body", body);
            let issue = found.first().unwrap_or_else(|| panic!("nothing is found in {body:?}"));
            let position = issue.position.unwrap_or_else(|| panic!("{body:?}: {issue}"));
            assert_eq!(
                (issue.code.as_ref(), position.line, position.column),
                (code, line, column),
                "{body:?}: {issue}"
            );
            assert!(issue.message.starts_with(&format!("Line {line}, column {column}: ")), "{issue}");
        }
        assert!(issues("body", "{{ memmber.name }}")[0].message.contains("Did you mean member.name?"));
    }

    #[test]
    fn the_shipped_prompts_and_what_templates_can_do_are_taken() {
        let environment = kontor_core::environment::Environment::system();
        for shipped in crate::prompts::standard(&environment).unwrap() {
            assert_eq!(issues("body", &shipped.prompt), []);
        }
        let body = "{% set who = member.name %}{% for i in range(2) %}{{ loop.index }}{{ who }}{% endfor %}";
        assert_eq!(issues("body", body), []);
    }

    #[test]
    fn a_prompt_that_never_comes_to_its_end_is_refused() {
        let nested = "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}x{% endfor %}{% endfor %}{% endfor %}";
        assert_eq!(issues("body", nested)[0].code, "invalid_template");
        assert_eq!(issues("body", " \n")[0].code, "required");
        assert_eq!(issues("body", "a\0")[0].code, "wrong_characters");
    }
}
