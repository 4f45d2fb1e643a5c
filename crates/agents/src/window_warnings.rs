//! Which models have a window too small for an agent.

use kontor_core::{
    caller::{Caller, Operator},
    error::Chain,
    ids::WorkspaceId,
    reading::readable,
};
use kontor_models::ModelInfo;
use serde::Serialize;

use crate::{
    definition::Agent,
    driver::{Needs, needs_of},
    engine::Agents,
    error::Error,
    rows::agents,
};

/// An agent that a model's context window is too small for, in tokens as they are estimated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct WindowWarning {
    /// The agent's name.
    pub agent: String,
    pub label: String,
    /// The model's id.
    pub model: String,
    /// The model's context window, its answer included.
    pub window: u32,
    /// What the agent's prompt and tools take of it.
    pub prompt_and_tools: u32,
    /// The smallest window in which the agent can hold a conversation.
    pub needed: u32,
    /// Whether the agent runs with this model as it is set now.
    pub is_in_use: bool,
}

impl WindowWarning {
    /// It in words.
    pub fn words(&self) -> String {
        let number = |number: u32| readable(&number.to_string());
        format!(
            "The context window of {} holds {} tokens. {} needs {}: its prompt and tools take {}, and a conversation and its answers need room beside them.",
            self.model,
            number(self.window),
            self.label,
            number(self.needed),
            number(self.prompt_and_tools),
        )
    }
}

impl Agents {
    /// The models whose windows are too small for agents of the workspace, for each of these agents with what it offers
    /// to who may do everything. What is not known of a window is not told.
    ///
    /// # Errors
    /// What the database said.
    pub async fn window_warnings(&self, caller: &Caller) -> Result<Vec<WindowWarning>, Error> {
        self.warnings(caller.workspace).await
    }

    /// The same for whoever runs the installation.
    ///
    /// # Errors
    /// What the database said.
    pub async fn window_warnings_of(
        &self,
        _: Operator,
        workspace: WorkspaceId,
    ) -> Result<Vec<WindowWarning>, Error> {
        self.warnings(workspace).await
    }

    async fn warnings(&self, workspace: WorkspaceId) -> Result<Vec<WindowWarning>, Error> {
        let models = self.models_of(workspace).await?;
        // One that cannot be used is told elsewhere.
        let default = models.default_model().await.ok();
        let infos = models.list();
        let narrow = infos.iter().filter(|info| info.capabilities.context_window.is_some());
        let narrow: Vec<&ModelInfo> = narrow.collect();
        if narrow.is_empty() {
            return Ok(Vec::new());
        }
        let namespace = self.namespace(workspace).await?;
        let agents: Vec<Agent> = namespace.read((), |tx, ()| Box::pin(agents::list(tx))).await?;
        let mut found = Vec::new();
        for agent in agents {
            let needs = match needs_of(self, workspace, agent.id).await {
                Ok(needs) => needs,
                // One agent that cannot be made ready says so when it runs, and keeps nothing of the others back.
                Err(error) => {
                    tracing::warn!(agent = agent.name, error = %Chain(&error), "what an agent needs of a window cannot be told");
                    continue;
                }
            };
            let model =
                models.meant(&agent.definition.model).or(default.as_ref().map(|default| default.name()));
            found.extend(narrow.iter().filter_map(|info| warning(&agent, model, info, needs)));
        }
        Ok(found)
    }
}

fn warning(agent: &Agent, model: Option<&str>, info: &ModelInfo, needs: Needs) -> Option<WindowWarning> {
    let window = info.capabilities.context_window?;
    let needed = needs.window(info.capabilities.max_output_tokens);
    (window < needed).then(|| WindowWarning {
        agent: agent.name.clone(),
        label: agent.definition.label.clone(),
        model: info.id.clone(),
        window,
        prompt_and_tools: u32::try_from(needs.fixed).unwrap_or(u32::MAX),
        needed,
        is_in_use: Some(info.id.as_str()) == model,
    })
}
