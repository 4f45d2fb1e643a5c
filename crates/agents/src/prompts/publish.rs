//! How agents and the prompts they use are written, with what follows of it: versions and the label `production`.

use kontor_core::{actor::Actor, environment::Environment, ids::AgentId, time::Timestamp};
use kontor_store::Tx;

use crate::{
    definition::{Agent, AgentVersion, Definition, PRODUCTION},
    error::Error,
    rows::{
        agents,
        prompts::{self, LabelRow, PromptRow},
    },
};

/// An agent that is new, with its first prompt.
#[derive(Debug, Clone)]
pub(crate) struct FirstVersion {
    pub(crate) id: AgentId,
    pub(crate) name: String,
    pub(crate) is_standard: bool,
    pub(crate) definition: Definition,
    pub(crate) prompt: String,
}

/// Writes an agent with its first version and the first version of its prompt.
pub(crate) async fn create(
    tx: &mut Tx<'_>,
    environment: &Environment,
    new: &FirstVersion,
    by: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    agents::insert(tx, new.id, &new.name, new.is_standard, now).await?;
    let version = add_prompt(tx, environment, new.id, &new.prompt, "", by, now).await?;
    put_label(tx, new.id, PRODUCTION, version, by, now).await?;
    let first = AgentVersion {
        version: 1,
        definition: new.definition.clone(),
        prompt_version: version,
        changed: Vec::new(),
        made_by: by.clone(),
        made_at: now,
    };
    agents::add_version(tx, new.id, &first).await
}

/// Writes a prompt as an agent's next version, whose number is answered.
pub(crate) async fn add_prompt(
    tx: &mut Tx<'_>,
    environment: &Environment,
    agent: AgentId,
    body: &str,
    note: &str,
    by: &Actor,
    now: Timestamp,
) -> Result<i64, Error> {
    let version = prompts::latest(tx, agent).await? + 1;
    let row = PromptRow {
        id: environment.new_id(),
        agent,
        version,
        body: body.to_owned(),
        note: note.to_owned(),
        author: by.clone(),
        created_at: now,
    };
    tx.insert(&row).await?;
    Ok(version)
}

/// Has a label stand at a version of the prompt. Where it is `production`, the agent uses it from its next turn on.
pub(crate) async fn move_label(
    tx: &mut Tx<'_>,
    agent: &Agent,
    label: &str,
    version: i64,
    by: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    put_label(tx, agent.id, label, version, by, now).await?;
    if label != PRODUCTION || agent.prompt_version == version {
        return Ok(());
    }
    change(tx, agent, agent.definition.clone(), version, by, now).await.map(drop)
}

/// Writes the next version of an agent, where it differs from the present one; what differs.
pub(crate) async fn change(
    tx: &mut Tx<'_>,
    agent: &Agent,
    definition: Definition,
    prompt_version: i64,
    by: &Actor,
    now: Timestamp,
) -> Result<Vec<String>, Error> {
    let mut changed: Vec<String> =
        agent.definition.differences(&definition).into_iter().map(str::to_owned).collect();
    if agent.prompt_version != prompt_version {
        changed.push("prompt".to_owned());
    }
    if changed.is_empty() {
        return Ok(changed);
    }
    let next = AgentVersion {
        version: agent.version + 1,
        definition,
        prompt_version,
        changed: changed.clone(),
        made_by: by.clone(),
        made_at: now,
    };
    agents::add_version(tx, agent.id, &next).await?;
    Ok(changed)
}

async fn put_label(
    tx: &mut Tx<'_>,
    agent: AgentId,
    label: &str,
    version: i64,
    by: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let row = LabelRow { agent, label: label.to_owned(), version, moved_by: by.clone(), moved_at: now };
    prompts::put_label(tx, &row).await
}
