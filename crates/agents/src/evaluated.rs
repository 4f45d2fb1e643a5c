//! What of an agent is tried by an evaluation.

use kontor_core::{caller::Caller, grants::Permission, text, turn::AgentName};

use crate::{
    definition::{Agent, Definition},
    engine::Agents,
    error::Error,
    rows::prompts as rows,
};

/// Which of an agent's prompts is meant: one of these, or none for the one that live traffic uses.
#[derive(Debug, Clone, Default)]
pub struct AskedPrompt {
    /// A version of the prompt.
    pub version: Option<i64>,
    /// The version at which a label stands.
    pub label: Option<String>,
    /// A prompt that is not saved.
    pub prompt: Option<String>,
}

/// An agent with the prompt that is tried.
#[derive(Debug, Clone)]
pub struct Evaluated {
    pub agent: AgentName,
    /// The version of the agent that its definition is of.
    pub version: i64,
    /// Nothing where the prompt is none of the agent's versions.
    pub prompt_version: Option<i64>,
    pub prompt: String,
    pub definition: Definition,
}

impl Agents {
    /// What is tried of an agent.
    ///
    /// # Errors
    /// Without the permission `evaluations`; [`Error::AgentNotFound`]; [`Error::AgentDeleted`];
    /// [`Error::PromptNotFound`]; [`Error::LabelNotFound`]; [`Error::Invalid`] and [`Error::InvalidPrompt`] with all that
    /// is wrong.
    pub async fn evaluated(
        &self,
        caller: &Caller,
        name: &str,
        asked: AskedPrompt,
    ) -> Result<Evaluated, Error> {
        caller.require(Permission::Evaluations)?;
        let agent = self.present_agent(caller, name).await?;
        let AskedPrompt { version, label, prompt } = asked;
        let given =
            usize::from(version.is_some()) + usize::from(label.is_some()) + usize::from(prompt.is_some());
        if given > 1 {
            let told = "one of version, label and prompt is given, not several";
            return Err(Error::invalid("version", "ambiguous", told));
        }
        let prompt_version = match label {
            Some(label) => Some(self.version_at(caller, &agent, label).await?),
            None if prompt.is_some() => None,
            None => Some(version.unwrap_or(agent.prompt_version)),
        };
        let body = match prompt_version {
            Some(version) => self.asked_prompt(caller, &agent, Some(version), None).await?,
            None => self.asked_prompt(caller, &agent, None, prompt).await?,
        };
        let Agent { id, name, version, definition, .. } = agent;
        let agent = AgentName { id, name, label: definition.label.clone() };
        Ok(Evaluated { agent, version, prompt_version, prompt: body, definition })
    }

    /// Where a label of an agent stands.
    async fn version_at(&self, caller: &Caller, agent: &Agent, label: String) -> Result<i64, Error> {
        let namespace = self.namespace(caller.workspace).await?;
        let labels = namespace.read(agent.id, |tx, &id| Box::pin(rows::labels(tx, id))).await?;
        let found = labels.into_iter().find(|known| known.label == label);
        let unknown = || Error::LabelNotFound(text::excerpt(&label, text::LONGEST_LABEL));
        found.map(|found| found.version).ok_or_else(unknown)
    }
}
