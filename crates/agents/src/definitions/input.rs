//! What an agent is to be, as somebody says it, and all that is wrong with that.

use kontor_core::{error::Issue, scope::Patterns};
use kontor_models::{Models, RequestSettings};
use serde::{Deserialize, Deserializer};
use uuid::Uuid;

use crate::{
    definition::{AgentLimits, Definition, ResponseFormat},
    limits::Limits,
    model_settings,
    prompts::{self, Form},
};

const LONGEST_NAME: usize = 60;
const LONGEST_LABEL: usize = 100;
const LONGEST_DESCRIPTION: usize = 1_000;
const MOST_PATTERNS: usize = 200;
const LONGEST_PATTERN: usize = 100;
const MOST_QUESTIONS: usize = 10;
const LONGEST_QUESTION: usize = 300;
const MOST_INPUTS: usize = 200;
/// Bytes of a JSON Schema.
const LONGEST_SCHEMA: usize = 32_000;
/// What paths beside those of agents are called.
const RESERVED: [&str; 3] = ["new", "protected", "variables"];

/// What a new agent is made of.
#[derive(Debug, Clone, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAgent {
    /// Small letters, digits and hyphens; no other agent has it.
    pub name: String,
    /// The agent of which all is taken that is not said here.
    #[serde(default)]
    pub copy_of: Option<String>,
    /// Needed unless another agent is copied.
    #[serde(default)]
    pub role: Option<String>,
    /// Without one it is the starting point that Kontor offers.
    #[serde(default)]
    pub prompt: Option<String>,
    #[serde(default)]
    pub label: Option<String>,
    #[serde(default)]
    pub icon: Option<String>,
    #[serde(default)]
    pub description: Option<String>,
    /// `smart`, unless another agent is copied.
    #[serde(default)]
    pub model: Option<String>,
    #[serde(default)]
    pub settings: Option<RequestSettings>,
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Option<Vec<String>>")]
    pub fallbacks: Option<Option<Vec<String>>>,
    /// All that the role allows, unless another agent is copied.
    #[serde(default)]
    pub operations: Option<Vec<String>>,
    #[serde(default)]
    pub format: Option<ResponseFormat>,
    #[serde(default)]
    pub limits: Option<AgentLimits>,
    #[serde(default)]
    pub suggested_questions: Option<Vec<String>>,
    #[serde(default)]
    pub evaluation_inputs: Option<Vec<String>>,
    #[serde(default)]
    pub ask: Option<Vec<String>>,
    #[serde(default)]
    pub hand_to: Option<Vec<String>>,
    #[serde(default)]
    pub active: Option<bool>,
}

/// What of an agent is changed; what is absent stays.
#[derive(Debug, Clone, Default, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AgentPatch {
    /// The version that the change was made of: where it is not the present one, nothing is changed.
    #[serde(alias = "expected")]
    pub version: Option<i64>,
    pub label: Option<String>,
    pub icon: Option<String>,
    pub description: Option<String>,
    pub model: Option<String>,
    pub settings: Option<RequestSettings>,
    /// Null means those of the workspace.
    #[serde(deserialize_with = "given")]
    #[schemars(with = "Option<Vec<String>>")]
    pub fallbacks: Option<Option<Vec<String>>>,
    pub role: Option<String>,
    pub operations: Option<Vec<String>>,
    pub format: Option<ResponseFormat>,
    pub limits: Option<AgentLimits>,
    pub suggested_questions: Option<Vec<String>>,
    pub evaluation_inputs: Option<Vec<String>>,
    pub ask: Option<Vec<String>>,
    pub hand_to: Option<Vec<String>>,
    pub active: Option<bool>,
}

fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Vec<String>>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl NewAgent {
    /// What is said of it, as a change of what it is made of.
    pub(super) fn patch(&self) -> AgentPatch {
        let new = self.clone();
        AgentPatch {
            version: None,
            label: new.label,
            icon: new.icon,
            description: new.description,
            model: new.model,
            settings: new.settings,
            fallbacks: new.fallbacks,
            role: new.role,
            operations: new.operations,
            format: new.format,
            limits: new.limits,
            suggested_questions: new.suggested_questions,
            evaluation_inputs: new.evaluation_inputs,
            ask: new.ask,
            hand_to: new.hand_to,
            active: new.active,
        }
    }

    /// What a new agent is where nothing is said and none is copied.
    pub(super) fn usual(&self) -> Definition {
        Definition {
            label: label_of(&self.name),
            icon: prompts::ICON.to_owned(),
            description: String::new(),
            model: kontor_models::SMART.to_owned(),
            settings: RequestSettings::default(),
            fallbacks: None,
            role: String::new(),
            operations: Patterns::new(vec!["*".to_owned()]),
            format: ResponseFormat::default(),
            limits: AgentLimits::default(),
            suggested_questions: Vec::new(),
            evaluation_inputs: Vec::new(),
            ask: Vec::new(),
            hand_to: Vec::new(),
        }
    }
}

/// `lead-finder` as `Lead finder`.
fn label_of(name: &str) -> String {
    let words = name.replace('-', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

impl AgentPatch {
    /// What an agent becomes by it. Blanks around what is written are taken away.
    pub(super) fn over(self, before: Definition) -> Definition {
        let tidy = |text: Option<String>, before: String| text.map_or(before, |text| text.trim().to_owned());
        let lines = |texts: Option<Vec<String>>, before: Vec<String>| match texts {
            Some(texts) => {
                let texts = texts.into_iter().map(|text| text.trim().to_owned());
                texts.filter(|text| !text.is_empty()).collect()
            }
            None => before,
        };
        Definition {
            label: tidy(self.label, before.label),
            icon: tidy(self.icon, before.icon),
            description: tidy(self.description, before.description),
            model: tidy(self.model, before.model),
            settings: self.settings.unwrap_or(before.settings),
            fallbacks: match self.fallbacks {
                Some(fallbacks) => fallbacks.map(|models| lines(Some(models), Vec::new())),
                None => before.fallbacks,
            },
            role: tidy(self.role, before.role),
            operations: match self.operations {
                Some(patterns) => Patterns::new(lines(Some(patterns), Vec::new())),
                None => before.operations,
            },
            format: self.format.unwrap_or(before.format),
            limits: self.limits.unwrap_or(before.limits),
            suggested_questions: lines(self.suggested_questions, before.suggested_questions),
            evaluation_inputs: lines(self.evaluation_inputs, before.evaluation_inputs),
            ask: lines(self.ask, before.ask),
            hand_to: lines(self.hand_to, before.hand_to),
        }
    }
}

/// What is wrong with a name.
pub(super) fn of_name(name: &str) -> Option<Issue> {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let begins = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    if !begins || name.len() > LONGEST_NAME || !name.bytes().all(is_letter) || Uuid::try_parse(name).is_ok() {
        let told = format!(
            "expected 1 to {LONGEST_NAME} small letters, digits and hyphens that begin with a letter, such as lead-finder"
        );
        return Some(Issue::new("name", "invalid_name", told));
    }
    RESERVED.contains(&name).then(|| Issue::new("name", "reserved", "this name has another meaning"))
}

/// All that is wrong with what an agent is to be, except its role.
pub(super) fn of_definition(definition: &Definition, models: &Models, limits: &Limits) -> Vec<Issue> {
    let mut issues = Vec::new();
    issues.extend(of_text("label", &definition.label, 1, LONGEST_LABEL));
    issues.extend(of_text("description", &definition.description, 0, LONGEST_DESCRIPTION));
    let is_icon = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if definition.icon.is_empty() || definition.icon.len() > 40 || !definition.icon.bytes().all(is_icon) {
        issues.push(Issue::new("icon", "invalid_icon", "expected the name of a drawing, such as sparkles"));
    }
    issues.extend(model_settings::of_agents_model(models, "model", &definition.model));
    if let Some(fallbacks) = &definition.fallbacks {
        issues.extend(model_settings::of_fallbacks(models, fallbacks));
    }
    of_settings(&definition.settings, &mut issues);
    of_patterns(&definition.operations, &mut issues);
    of_format(&definition.format, &mut issues);
    of_limits(&definition.limits, limits, &mut issues);
    let lists = [
        ("suggested_questions", &definition.suggested_questions, MOST_QUESTIONS, LONGEST_QUESTION),
        ("evaluation_inputs", &definition.evaluation_inputs, MOST_INPUTS, limits.message_characters),
    ];
    for (path, texts, most, longest) in lists {
        if texts.len() > most {
            issues.push(Issue::new(path, "too_many", format!("at most {most} are kept")));
        }
        for (position, text) in texts.iter().enumerate().take(most) {
            let is_wrong = text.chars().count() > longest || text.contains('\0');
            if is_wrong {
                let told = format!("expected at most {longest} characters, none of them NUL");
                issues.push(Issue::new(format!("{path}[{position}]"), "too_long", told));
            }
        }
    }
    issues
}

fn of_text(path: &str, text: &str, least: usize, most: usize) -> Option<Issue> {
    let length = text.chars().count();
    if length < least {
        return Some(Issue::new(path, "required", "it is not empty"));
    }
    if length > most {
        return Some(Issue::new(path, "too_long", format!("expected at most {most} characters")));
    }
    let is_wrong = text.chars().any(char::is_control);
    is_wrong.then(|| Issue::new(path, "wrong_characters", "it is one line, without control characters"))
}

fn of_settings(settings: &RequestSettings, issues: &mut Vec<Issue>) {
    if settings.temperature.is_some_and(|temperature| !(0.0..=2.0).contains(&temperature)) {
        issues.push(Issue::new("settings.temperature", "out_of_range", "expected a number from 0 to 2"));
    }
    if settings.max_output_tokens == Some(0) {
        issues.push(Issue::new("settings.max_output_tokens", "out_of_range", "expected at least 1 token"));
    }
}

fn of_patterns(patterns: &Patterns, issues: &mut Vec<Issue>) {
    let is_letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_.*-".contains(c);
    if patterns.iter().count() > MOST_PATTERNS {
        let told = format!("at most {MOST_PATTERNS} patterns are kept");
        issues.push(Issue::new("operations", "too_many", told));
    }
    for (position, pattern) in patterns.iter().enumerate().take(MOST_PATTERNS) {
        if pattern.len() > LONGEST_PATTERN || !pattern.chars().all(is_letter) {
            let told =
                "expected a name of operations, in which * stands for any text, such as contact.* or *.find";
            issues.push(Issue::new(format!("operations[{position}]"), "invalid_pattern", told));
        }
    }
}

fn of_format(format: &ResponseFormat, issues: &mut Vec<Issue>) {
    let ResponseFormat::Schema(schema) = format else { return };
    if schema.to_string().len() > LONGEST_SCHEMA {
        let told = format!("expected a JSON Schema of at most {LONGEST_SCHEMA} bytes");
        issues.push(Issue::new("format.schema", "too_long", told));
    } else if !schema.is_object() {
        issues.push(Issue::new("format.schema", "wrong_type", "expected a JSON Schema, which is an object"));
    } else if let Err(reason) = Form::new(format) {
        issues.push(Issue::new("format.schema", "invalid_schema", format!("it is no JSON Schema: {reason}")));
    }
}

fn of_limits(limits: &AgentLimits, installed: &Limits, issues: &mut Vec<Issue>) {
    let set = [
        ("limits.steps", limits.steps.map(u64::from), u64::from(installed.steps)),
        ("limits.tool_calls", limits.tool_calls.map(u64::from), u64::from(installed.calls_per_turn)),
        ("limits.deadline_seconds", limits.deadline_seconds, installed.turn.as_secs()),
    ];
    for (path, value, most) in set {
        if value.is_some_and(|value| value == 0 || value > most) {
            let told =
                format!("expected a whole number from 1 to {most}, which is what this installation allows");
            issues.push(Issue::new(path, "out_of_range", told));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_small_letters_digits_and_hyphens() {
        for good in ["a", "lead-finder", "agent-2"] {
            assert_eq!(of_name(good), None, "{good}");
        }
        let id = Uuid::nil().to_string();
        for bad in ["", "2nd", "-a", "Lead", "a b", "ä", "new", "variables", &id, &"a".repeat(61)] {
            assert!(of_name(bad).is_some(), "{bad}");
        }
        assert_eq!(label_of("lead-finder"), "Lead finder");
    }
}
