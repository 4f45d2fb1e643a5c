//! How large a context window an agent needs.

use std::sync::Arc;

use kontor_core::{
    caller::Caller,
    ids::{AgentId, MemberId, WorkspaceId},
};
use kontor_models::{Colleague, Scene, SceneMember, surface::Surface, tokens::estimate};
use uuid::Uuid;

use super::prepare::{offered, tools_in};
use crate::{engine::Agents, error::Error, prompts::Values};

/// Tokens of the shortest conversation that is worth having: a message, a summary, what was looked up.
const CONVERSATION: usize = 1_000;

/// What an agent needs of a window.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs {
    /// Tokens of its prompt and tools, estimated.
    pub(crate) fixed: usize,
}

impl Needs {
    /// The smallest window in which there is room for a conversation, and for answers, which are given a quarter or as
    /// many tokens as the longest has.
    pub(crate) fn window(self, longest_answer: Option<u32>) -> u32 {
        let read = self.fixed + CONVERSATION;
        let with_a_quarter = (4 * read).div_ceil(3);
        let longest = longest_answer.and_then(|longest| usize::try_from(longest).ok());
        let needed = longest.map_or(with_a_quarter, |longest| with_a_quarter.min(read + longest));
        u32::try_from(needed).unwrap_or(u32::MAX)
    }
}

/// What an agent needs where it acts for somebody whom nothing bounds but the agent's own role.
pub(crate) async fn needs_of(
    agents: &Agents,
    workspace: WorkspaceId,
    agent: AgentId,
) -> Result<Needs, Error> {
    let service = &agents.0;
    let agent = agents.agent(workspace, agent).await?;
    let definition = &agent.definition;
    let role = service.identity.role_grants(workspace, &definition.role).await?;
    let schema = service.crm.schema(workspace).await?;
    let everybody = Caller::system(workspace);
    let caller = everybody.through_agent(agent.id, &definition.label, &role, &definition.operations);
    let registry = service.operations.catalogue(workspace, &schema, &caller.grants);
    let (surface, definitions): (Arc<Surface>, _) =
        offered(&registry, &caller, &schema, service.settings.limits.surface_tokens);
    let itself = [agent.id];
    let others = async |named: &[String]| {
        let found = agents.colleagues(workspace, named, &everybody.grants, &itself).await?;
        Ok::<Arc<[Colleague]>, Error>(found.into_iter().map(|(_, colleague)| colleague).collect())
    };
    let (colleagues, successors) = (others(&definition.ask).await?, others(&definition.hand_to).await?);
    let scene = Scene {
        today: caller.today(service.environment.now()),
        time_zone: caller.locale.time_zone,
        dates: caller.locale.dates,
        // As long as names are.
        member: SceneMember { id: MemberId(Uuid::nil()), name: "The name of a member".to_owned() },
        record: None,
        definitions,
        colleagues,
        successors,
    };
    let prompt = agent.render(&Values {
        agent_label: &definition.label,
        workspace: "The name of a workspace",
        role: &definition.role,
        scene: &scene,
        objects: surface.outline(),
    })?;
    let (_, tools) = tools_in(&surface, &scene);
    Ok(Needs { fixed: tools + estimate(&prompt) })
}

#[cfg(test)]
mod tests {
    use super::{super::window::room, *};

    #[test]
    fn the_window_that_is_needed_has_room_for_a_conversation_and_no_smaller_one_has() {
        let needs = Needs { fixed: 3_000 };
        for longest in [None, Some(500), Some(100_000)] {
            let needed = needs.window(longest);
            assert!(room(needed, longest) >= 3_000 + CONVERSATION, "{longest:?}: {needed}");
            assert!(room(needed - 2, longest) < 3_000 + CONVERSATION, "{longest:?}: {needed}");
        }
    }
}
