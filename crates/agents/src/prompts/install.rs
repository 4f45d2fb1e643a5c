use include_dir::{Dir, include_dir};
use kontor_core::{environment::Environment, ids::AgentId, scope::Patterns, time::Timestamp};
use kontor_store::Tx;

use super::{Prompt, front_matter};
use crate::{definition::Agent, error::Error, rows};

static PROMPTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../prompts");

/// The agent that is listed first.
const FIRST: &str = "sales-assistant";

/// Gives a new workspace its own copy of the standard agents.
pub(crate) async fn install(tx: &mut Tx<'_>, environment: &Environment, now: Timestamp) -> Result<(), Error> {
    for agent in standard(environment)? {
        rows::agents::insert(tx, &agent, environment.new_id(), now).await?;
    }
    Ok(())
}

/// The agents of the shipped files, each template checked.
pub(crate) fn standard(environment: &Environment) -> Result<Vec<Agent>, Error> {
    let mut agents = Vec::new();
    for file in PROMPTS.files() {
        let name = file.path().display().to_string();
        let Some(text) = file.contents_utf8().filter(|_| name.ends_with(".md")) else { continue };
        let (front, body) = front_matter::parse(&name, text)?;
        Prompt::new(&front.name, body)?;
        agents.push(Agent {
            id: environment.new_id::<AgentId>(),
            name: front.name,
            label: front.label,
            description: front.description,
            model: front.model,
            role: front.role,
            tools: Patterns::new(front.tools),
            prompt: body.to_owned(),
            prompt_version: 1,
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
        let roles: Vec<_> = agents.iter().map(|agent| (agent.name.as_str(), agent.role.as_str())).collect();
        assert_eq!(roles, [("sales-assistant", "Member"), ("analyst", "Viewer"), ("data-steward", "Member")]);
        let models: Vec<_> = agents.iter().map(|agent| agent.model.as_str()).collect();
        assert_eq!(models, ["smart", "smart", "fast"]);
        let steward = &agents[2].tools;
        assert!(
            steward.allow("deal.update") && !steward.allow("deal.create") && !steward.allow("deal.delete")
        );
        assert!(agents[0].tools.allow("deal.update") && !agents[1].tools.allow("deal.update"));
    }
}
