//! The move of a label, held beside what has to be shown before it.

use kontor_core::{caller::Caller, error::Issue, grants::Permission, ids::WorkspaceId};
use serde_json::{Value as Json, json};

use crate::{
    definition::Agent, definitions::require_either, engine::Agents, error::Error, gate::Publishing,
    prompt_versions::note_issue, rows::prompts as rows,
};

/// That a label may move: what the agent was looked at, and what the audit says where it moves all the same.
#[derive(Debug, Clone)]
pub(crate) struct Passed {
    pub(crate) agent_version: i64,
    pub(crate) without: Option<Json>,
}

impl Agents {
    /// What would be published by the move of a label.
    ///
    /// # Errors
    /// Without the permission `agents` or `prompts`; [`Error::AgentNotFound`]; [`Error::PromptNotFound`].
    pub async fn publishing(
        &self,
        caller: &Caller,
        name: &str,
        label: &str,
        version: i64,
    ) -> Result<Publishing, Error> {
        require_either(caller)?;
        let agent = self.present_agent(caller, name).await?;
        self.about_to_publish(caller.workspace, &agent, label, version).await
    }

    async fn about_to_publish(
        &self,
        workspace: WorkspaceId,
        agent: &Agent,
        label: &str,
        version: i64,
    ) -> Result<Publishing, Error> {
        let namespace = self.namespace(workspace).await?;
        let (row, present) = namespace
            .read((agent.id, label.to_owned()), move |tx, (id, label)| {
                Box::pin(async move {
                    let row = rows::find(tx, *id, version).await?.ok_or(Error::PromptNotFound(version))?;
                    let labels = rows::labels(tx, *id).await?;
                    let present = match labels.iter().find(|known| known.label == *label) {
                        None => None,
                        Some(known) => rows::find(tx, *id, known.version).await?,
                    };
                    Ok::<_, Error>((row, present))
                })
            })
            .await?;
        // One that cannot be asked is no run's model either.
        let own = self.models_of(workspace).await?.resolve(&agent.definition.model).await;
        let model = own.map_or_else(|_| agent.definition.model.clone(), |model| model.name().to_owned());
        Ok(Publishing {
            workspace,
            agent: agent.id,
            name: agent.name.clone(),
            label: label.to_owned(),
            definition: agent.definition.clone(),
            model,
            version,
            prompt: row.body,
            present: present.map(|row| (row.version, row.body)),
        })
    }

    /// That a label may move to a version: what has to be shown is, or the caller may move it without and says why.
    pub(crate) async fn pass_gate(
        &self,
        caller: &Caller,
        agent: &Agent,
        label: &str,
        version: i64,
        reason: Option<&str>,
    ) -> Result<Option<Passed>, Error> {
        let Some(gate) = &self.0.settings.gate else { return Ok(None) };
        if !gate.guards(caller.workspace, agent.id, label).await? {
            return Ok(None);
        }
        let publishing = self.about_to_publish(caller.workspace, agent, label, version).await?;
        let missing = gate.missing(&publishing).await?;
        let agent_version = agent.version;
        if missing.is_empty() {
            return Ok(Some(Passed { agent_version, without: None }));
        }
        let Some(reason) = reason.map(str::trim).filter(|reason| !reason.is_empty()) else {
            return Err(Error::GateNotPassed { label: label.to_owned(), missing });
        };
        caller.require(Permission::Publishing)?;
        if let Some(issue) = note_issue("reason", reason) {
            return Err(Error::Invalid(vec![issue]));
        }
        let missing: Vec<_> = missing.into_iter().map(|issue| issue.message).collect();
        let without = json!({"label": label, "version": version, "reason": reason, "missing": missing});
        Ok(Some(Passed { agent_version, without: Some(without) }))
    }

    /// That nothing has to be shown before the agent's production label moves to what nobody could try yet.
    pub(crate) async fn require_no_gate(&self, caller: &Caller, agent: &Agent) -> Result<(), Error> {
        let Some(gate) = &self.0.settings.gate else { return Ok(()) };
        let label = crate::PRODUCTION;
        if !gate.guards(caller.workspace, agent.id, label).await? {
            return Ok(());
        }
        let told = "what is published by a reset has no run: save that prompt as a version, run the dataset on it, and \
                    move the label";
        let missing = vec![Issue::new("version", "no_run", told)];
        Err(Error::GateNotPassed { label: label.to_owned(), missing })
    }
}
