use include_dir::{Dir, File, include_dir};
use kontor_core::{actor::Actor, environment::Environment, ids::AgentId, scope::Patterns, time::Timestamp};
use kontor_models::RequestSettings;
use kontor_store::Tx;

use super::{FirstVersion, Prompt, create, front_matter};
use crate::{
    definition::{AgentLimits, Definition, ResponseFormat},
    error::Error,
};

static PROMPTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../prompts");

/// The drawing of agents that name none.
pub(crate) const ICON: &str = "sparkles";

/// What a new agent is told where nothing is said: a beginning to write on from.
pub const STARTER: &str = include_str!("../../../../prompts/starter.template");

/// The agent that is listed first.
const FIRST: &str = "sales-assistant";

/// Gives a new workspace its own copy of the standard agents.
pub(crate) async fn install(tx: &mut Tx<'_>, environment: &Environment, now: Timestamp) -> Result<(), Error> {
    for agent in standard(environment)? {
        create(tx, environment, &agent, &Actor::SYSTEM, now).await?;
    }
    Ok(())
}

/// The names of the agents that a new workspace has.
pub fn standard_names() -> Vec<String> {
    let front = |file: &File<'_>| {
        let name = file.path().display().to_string();
        let text = file.contents_utf8().filter(|_| name.ends_with(".md"))?;
        Some(front_matter::parse(&name, text).ok()?.0.name)
    };
    PROMPTS.files().filter_map(front).collect()
}

/// The agents of the shipped files, each template checked.
pub(crate) fn standard(environment: &Environment) -> Result<Vec<FirstVersion>, Error> {
    let mut agents = Vec::new();
    for file in PROMPTS.files() {
        let name = file.path().display().to_string();
        let Some(text) = file.contents_utf8().filter(|_| name.ends_with(".md")) else { continue };
        let (front, body) = front_matter::parse(&name, text)?;
        Prompt::new(&front.name, body)?;
        agents.push(FirstVersion {
            id: environment.new_id::<AgentId>(),
            name: front.name,
            is_standard: true,
            definition: Definition {
                label: front.label,
                icon: ICON.to_owned(),
                description: front.description,
                model: front.model,
                settings: RequestSettings::default(),
                fallbacks: None,
                role: front.role,
                operations: Patterns::new(front.operations),
                format: ResponseFormat::default(),
                limits: AgentLimits::default(),
                suggested_questions: Vec::new(),
                evaluation_inputs: Vec::new(),
                ask: Vec::new(),
                hand_to: Vec::new(),
            },
            prompt: body.to_owned(),
        });
    }
    agents.sort_by(|a, b| (a.name != FIRST, &a.name).cmp(&(b.name != FIRST, &b.name)));
    // Made in the order in which they are listed.
    for agent in &mut agents {
        agent.id = environment.new_id();
    }
    Ok(agents)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sales_assistant_the_analyst_and_the_data_steward_ship() {
        let agents = standard(&Environment::system()).unwrap();
        let roles: Vec<_> =
            agents.iter().map(|agent| (agent.name.as_str(), agent.definition.role.as_str())).collect();
        assert_eq!(roles, [("sales-assistant", "Member"), ("analyst", "Viewer"), ("data-steward", "Member")]);
        let models: Vec<_> = agents.iter().map(|agent| agent.definition.model.as_str()).collect();
        assert_eq!(models, ["smart", "smart", "fast"]);
        let steward = &agents[2].definition.operations;
        assert!(
            steward.allow("deal.update") && !steward.allow("deal.create") && !steward.allow("deal.delete")
        );
        assert!(
            agents[0].definition.operations.allow("deal.update")
                && !agents[1].definition.operations.allow("deal.update")
        );
    }
}
