//! What an agent is: a prompt, a model, a role and the tools it is offered.

use kontor_core::ids::AgentId;
use serde::Serialize;

/// An agent of a workspace with the published version of its prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Agent {
    pub(crate) id: AgentId,
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) description: String,
    /// A model's id, or `default`.
    pub(crate) model: String,
    /// The name of the role that bounds what it may do for whomever it acts.
    pub(crate) role: String,
    pub(crate) tools: ToolPatterns,
    pub(crate) prompt: String,
    pub(crate) prompt_version: i64,
}

/// What is told about an agent.
#[derive(Debug, Clone, Serialize)]
pub struct AgentSummary {
    pub id: AgentId,
    pub name: String,
    pub label: String,
    pub description: String,
    pub model: String,
    pub role: String,
    pub tools: Vec<String>,
    pub prompt_version: i64,
}

impl From<Agent> for AgentSummary {
    fn from(agent: Agent) -> Self {
        Self {
            id: agent.id,
            name: agent.name,
            label: agent.label,
            description: agent.description,
            model: agent.model,
            role: agent.role,
            tools: agent.tools.0,
            prompt_version: agent.prompt_version,
        }
    }
}

/// Patterns over the names of operations: `*` stands for any text, as in `*`, `*.find` and `deal.*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ToolPatterns(Vec<String>);

impl ToolPatterns {
    pub(crate) fn new(patterns: Vec<String>) -> Self {
        Self(patterns)
    }

    pub(crate) fn patterns(&self) -> &[String] {
        &self.0
    }

    pub(crate) fn allow(&self, operation: &str) -> bool {
        self.0.iter().any(|pattern| fits(pattern, operation))
    }
}

fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, tail)) => {
            let Some(rest) = name.strip_prefix(head) else { return false };
            rest.char_indices().map(|(at, _)| at).chain([rest.len()]).any(|at| fits(tail, &rest[at..]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_select_operations_by_name() {
        let reading = ToolPatterns::new(vec!["*.find".into(), "deal.*".into(), "search".into()]);
        for allowed in ["contact.find", "deal.update", "search"] {
            assert!(reading.allow(allowed), "{allowed}");
        }
        for refused in ["contact.update", "research", "search.x", "find", "account.delete"] {
            assert!(!reading.allow(refused), "{refused}");
        }
        assert!(ToolPatterns::new(vec!["*".into()]).allow("anything.at_all"));
        assert!(!ToolPatterns::new(Vec::new()).allow("deal.find"));
    }
}
