//! What this version makes of the agents of workspaces that are there already.

use kontor_core::{actor::Actor, environment::Environment, text::hex};
use kontor_models::DEFAULT;
use kontor_store::{BoxFuture, DataStep, PartResult, Tx};
use sha2::{Digest as _, Sha256};

use crate::{
    Error,
    definition::{Agent, Definition, PRODUCTION},
    prompts, rows,
};

/// SHA-256 of the prompts that older versions shipped: one that is still one of these was changed by nobody.
const FORMER_PROMPTS: [&str; 4] = [
    "bb6326c5e1610050480691d1fa1bbd615014044b27c341b3c38093735f933591",
    "6dd86f75bbb5665fb075d6a1229d9a54817c7cb62765d41a449b25864fbb52f8",
    "e57302900e1dee410ae314a8c5eaf2c36f4585b30c15761b4ec0883f27be145b",
    "77cc30c84ada61470c013aa65a4645e707b69d37750a4ada0e63602814535140",
];

/// The steps of this crate.
pub fn data_steps() -> Vec<DataStep> {
    vec![
        DataStep { number: 7, name: "renew prompts that nobody changed", alters: false, run: renew },
        DataStep { number: 8, name: "add the data steward", alters: false, run: add_data_steward },
        DataStep {
            number: 10,
            name: "standard agents ask for fast and smart",
            alters: false,
            run: name_models,
        },
    ]
}

/// Publishes the shipped prompt of each standard agent as its next version where it has a former one.
fn renew<'t>(tx: &'t mut Tx<'_>, _: Option<String>) -> BoxFuture<'t, PartResult> {
    Box::pin(async move {
        let environment = Environment::system();
        let shipped = prompts::standard(&environment)?;
        for agent in rows::agents::list(tx).await? {
            let Some(shipped) = shipped.iter().find(|shipped| shipped.name == agent.name) else { continue };
            let digest = hex(&Sha256::digest(&agent.prompt));
            if FORMER_PROMPTS.contains(&digest.as_str()) {
                let (by, now) = (&Actor::SYSTEM, environment.now());
                let version =
                    prompts::add_prompt(tx, &environment, agent.id, &shipped.prompt, "", by, now).await?;
                prompts::move_label(tx, &agent, PRODUCTION, version, by, now).await?;
            }
        }
        Ok(None)
    })
}

fn add_data_steward<'t>(tx: &'t mut Tx<'_>, _: Option<String>) -> BoxFuture<'t, PartResult> {
    Box::pin(async move {
        add(tx, "data-steward").await?;
        Ok(None)
    })
}

/// Has standard agents that ask for the default model ask for the workspace's fast or smart one, which is the default
/// one unless it is set.
fn name_models<'t>(tx: &'t mut Tx<'_>, _: Option<String>) -> BoxFuture<'t, PartResult> {
    Box::pin(async move {
        let environment = Environment::system();
        let shipped = prompts::standard(&environment)?;
        let is_usual = |agent: &&Agent| agent.definition.model == DEFAULT;
        for agent in rows::agents::list(tx).await?.iter().filter(is_usual) {
            if let Some(shipped) = shipped.iter().find(|shipped| shipped.name == agent.name) {
                let model = shipped.definition.model.clone();
                let definition = Definition { model, ..agent.definition.clone() };
                let (by, now) = (&Actor::SYSTEM, environment.now());
                prompts::change(tx, agent, definition, agent.prompt_version, by, now).await?;
            }
        }
        Ok(None)
    })
}

/// Adds a standard agent to a workspace that has others and none of its name.
async fn add(tx: &mut Tx<'_>, name: &str) -> Result<(), Error> {
    let environment = Environment::system();
    let there = rows::agents::list(tx).await?;
    let shipped = prompts::standard(&environment)?;
    let Some(agent) = shipped.iter().find(|agent| agent.name == name) else { return Ok(()) };
    // A workspace that is being made gets all of them afterwards.
    if there.is_empty() || there.iter().any(|known| known.name == name) {
        return Ok(());
    }
    prompts::create(tx, &environment, agent, &Actor::SYSTEM, environment.now()).await
}
