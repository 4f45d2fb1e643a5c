//! The other agents that an agent may ask, as a model is shown them.

use std::{fmt::Write as _, sync::Arc};

use kontor_core::{
    error::{Issue, Problem},
    text,
};
use serde_json::{Value as Json, json};

use super::tool_size;
use crate::{chat::ToolDefinition, scene::Colleague};

/// The tool that asks another agent. It is no operation: what the other does is done under its own role.
pub const ASK_AGENT: &str = "ask_agent";

/// Characters of a colleague's description.
const LONGEST_DESCRIPTION: usize = 200;
/// Characters of a question.
const LONGEST_QUESTION: usize = 8_000;

/// The tool by which these are asked, and its tokens, estimated.
pub fn ask_agent(colleagues: &[Colleague]) -> (ToolDefinition, usize) {
    let mut description = "Ask another agent, which sees nothing of this conversation and may read and do other things than you: say all that it needs. Its answer comes back to you; the member does not see it. The agents:".to_owned();
    for colleague in colleagues {
        let about = text::excerpt(&colleague.description, LONGEST_DESCRIPTION);
        // Writing to a string does not fail.
        let _ = write!(description, "\n- {} ({})", colleague.name, colleague.label);
        if !about.is_empty() {
            let _ = write!(description, ": {about}");
        }
    }
    let names: Vec<&str> = colleagues.iter().map(|colleague| colleague.name.as_str()).collect();
    let parameters = json!({
        "type": "object",
        "properties": {
            "agent": {"type": "string", "enum": names, "description": "Its name."},
            "question": {"type": "string", "description": "What it is to find out or do."},
        },
        "required": ["agent", "question"],
    });
    let tool = ToolDefinition { name: ASK_AGENT.to_owned(), description, parameters: Arc::new(parameters) };
    let tokens = tool_size(&tool);
    (tool, tokens)
}

/// What is wrong with a call that asks an agent.
pub fn check_question(colleagues: &[Colleague], arguments: &Json) -> Result<(), Problem> {
    let mut issues = Vec::new();
    match arguments["agent"].as_str() {
        Some(name) if colleagues.iter().any(|colleague| colleague.name == name) => {}
        Some(name) => {
            let known = || colleagues.iter().map(|colleague| colleague.name.as_str());
            let known = known().collect::<Vec<_>>().join(", ");
            let told = format!("{:?} is none that you may ask; these are: {known}", text::excerpt(name, 60));
            issues.push(Issue::new("agent", "unknown_agent", told));
        }
        None => issues.push(Issue::new("agent", "required", "expected the name of an agent")),
    }
    let question = arguments["question"].as_str().map(str::trim).unwrap_or_default();
    if question.is_empty() {
        issues.push(Issue::new("question", "required", "expected what the agent is to find out or do"));
    } else if question.chars().count() > LONGEST_QUESTION {
        let told = format!("expected at most {LONGEST_QUESTION} characters");
        issues.push(Issue::new("question", "too_long", told));
    }
    let others = arguments.as_object().into_iter().flatten().map(|(name, _)| name);
    for name in others.filter(|name| !["agent", "question"].contains(&name.as_str())) {
        issues.push(Issue::new(text::excerpt(name, 60), "unknown_argument", "expected agent and question alone"));
    }
    if issues.is_empty() { Ok(()) } else { Err(Problem::invalid(issues)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn analyst() -> [Colleague; 1] {
        let [name, label, description] = ["analyst", "Analyst", "Numbers."].map(str::to_owned);
        [Colleague { name, label, description }]
    }

    #[test]
    fn the_tool_names_whom_it_can_ask_and_what_they_are_for() {
        let (tool, tokens) = ask_agent(&analyst());
        assert!(tool.description.ends_with("\n- analyst (Analyst): Numbers."), "{}", tool.description);
        assert_eq!(tool.parameters["properties"]["agent"]["enum"], json!(["analyst"]));
        assert!((50..250).contains(&tokens), "{tokens}");
    }

    #[test]
    fn all_that_is_wrong_with_a_question_is_told() {
        let issues = |arguments: Json| -> Vec<String> {
            let problem = check_question(&analyst(), &arguments).err();
            problem.into_iter().flat_map(|problem| problem.issues).map(|issue| issue.path).collect()
        };
        assert!(issues(json!({"agent": "analyst", "question": "How many?"})).is_empty());
        assert_eq!(issues(json!({"agent": "boss", "question": " "})), ["agent", "question"]);
        assert_eq!(issues(json!({"agent": "analyst", "question": "x".repeat(8_001), "as": 1})), ["question", "as"]);
        assert_eq!(issues(json!("analyst")), ["agent", "question"]);
    }
}
