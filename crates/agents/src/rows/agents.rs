//! `agents` and `agent_versions`: an agent is what the last of its versions says.

use std::collections::HashMap;

use kontor_core::{ids::AgentId, time::Timestamp, turn::AgentName};
use kontor_store::{Row, Tx};
use sea_query::{Expr, ExprTrait, JoinType, Order, Query, SelectStatement, UpdateStatement};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{instant, null_instant};
use crate::{
    definition::{Agent, AgentVersion, Definition},
    error::Error,
};

const TABLE: &str = "agents";
const VERSIONS: &str = "agent_versions";

/// The columns of a version, in the order in which they are read and written.
const OF_VERSION: [&str; 19] = [
    "number",
    "label",
    "icon",
    "description",
    "model",
    "settings",
    "fallbacks",
    "role",
    "operations",
    "format",
    "limits",
    "suggested_questions",
    "evaluation_inputs",
    "ask",
    "hand_to",
    "prompt_version",
    "changed",
    "made_by",
    "made_at",
];

/// What of an agent stands beside its versions.
const OF_AGENT: [&str; 6] = ["id", "name", "former_name", "is_standard", "is_active", "deleted_at"];

fn json<T: DeserializeOwned>(row: &Row, column: usize) -> Result<T, Error> {
    let text: Option<String> = row.get(column)?;
    Ok(serde_json::from_str(text.as_deref().unwrap_or("null"))?)
}

/// Reads a version, whose columns begin at `first`.
fn version(row: &Row, first: usize) -> Result<AgentVersion, Error> {
    Ok(AgentVersion {
        version: row.get(first)?,
        definition: Definition {
            label: row.get(first + 1)?,
            icon: row.get(first + 2)?,
            description: row.get(first + 3)?,
            model: row.get(first + 4)?,
            settings: json(row, first + 5)?,
            fallbacks: json(row, first + 6)?,
            role: row.get(first + 7)?,
            operations: json(row, first + 8)?,
            format: json(row, first + 9)?,
            limits: json(row, first + 10)?,
            suggested_questions: json(row, first + 11)?,
            evaluation_inputs: json(row, first + 12)?,
            ask: json(row, first + 13)?,
            hand_to: json(row, first + 14)?,
        },
        prompt_version: row.get(first + 15)?,
        changed: json(row, first + 16)?,
        made_by: json(row, first + 17)?,
        made_at: Timestamp::from_micros(row.get(first + 18)?),
    })
}

/// Reads what [`select_at`] selects.
fn agent(row: &Row) -> Result<Agent, Error> {
    let (name, former_name): (String, Option<String>) = (row.get(1)?, row.get(2)?);
    let deleted_at: Option<i64> = row.get(5)?;
    let version = version(row, OF_AGENT.len() + 1)?;
    Ok(Agent {
        id: row.get(0)?,
        name: former_name.unwrap_or(name),
        is_standard: row.get(3)?,
        is_active: row.get(4)?,
        deleted_at: deleted_at.map(Timestamp::from_micros),
        prompt: row.get(OF_AGENT.len())?,
        version: version.version,
        definition: version.definition,
        prompt_version: version.prompt_version,
        made_by: version.made_by,
        made_at: version.made_at,
    })
}

/// Writes an agent's row; its first version is written with [`add_version`].
pub(crate) async fn insert(
    tx: &mut Tx<'_>,
    id: AgentId,
    name: &str,
    is_standard: bool,
    now: Timestamp,
) -> Result<(), Error> {
    let insert = Query::insert()
        .into_table(tx.table(TABLE))
        .columns(["id", "name", "is_standard", "created_at"])
        .values_panic([
            Expr::val(id.as_uuid()),
            Expr::val(name),
            Expr::val(is_standard),
            Expr::val(instant(now)),
        ])
        .take();
    tx.execute(&insert).await?;
    Ok(())
}

/// Writes a version and has the agent be what it says.
pub(crate) async fn add_version(
    tx: &mut Tx<'_>,
    agent: AgentId,
    version: &AgentVersion,
) -> Result<(), Error> {
    let AgentVersion { definition, .. } = version;
    let insert = Query::insert()
        .into_table(tx.table(VERSIONS))
        .columns(std::iter::once("agent_id").chain(OF_VERSION))
        .values_panic([
            Expr::val(agent.as_uuid()),
            Expr::val(version.version),
            Expr::val(definition.label.as_str()),
            Expr::val(definition.icon.as_str()),
            Expr::val(definition.description.as_str()),
            Expr::val(definition.model.as_str()),
            Expr::val(serde_json::to_string(&definition.settings)?),
            Expr::val(definition.fallbacks.as_ref().map(serde_json::to_string).transpose()?),
            Expr::val(definition.role.as_str()),
            Expr::val(serde_json::to_string(&definition.operations)?),
            Expr::val(serde_json::to_string(&definition.format)?),
            Expr::val(serde_json::to_string(&definition.limits)?),
            Expr::val(serde_json::to_string(&definition.suggested_questions)?),
            Expr::val(serde_json::to_string(&definition.evaluation_inputs)?),
            Expr::val(serde_json::to_string(&definition.ask)?),
            Expr::val(serde_json::to_string(&definition.hand_to)?),
            Expr::val(version.prompt_version),
            Expr::val(serde_json::to_string(&version.changed)?),
            Expr::val(serde_json::to_string(&version.made_by)?),
            Expr::val(instant(version.made_at)),
        ])
        .take();
    tx.execute(&insert).await?;
    let mut update = update(tx, agent);
    update.value("version", version.version);
    tx.execute(&update).await?;
    Ok(())
}

/// All that are not deleted, in the order in which they were made.
pub(crate) async fn list(tx: &mut Tx<'_>) -> Result<Vec<Agent>, Error> {
    let mut select = select(tx);
    select
        .and_where(Expr::col(("a", "deleted_at")).is_null())
        .order_by(("a", "created_at"), Order::Asc)
        .order_by(("a", "id"), Order::Asc);
    read_all(tx, &select).await
}

/// All of them, those that are deleted last.
pub(crate) async fn list_with_deleted(tx: &mut Tx<'_>) -> Result<Vec<Agent>, Error> {
    let mut select = select(tx);
    select.order_by(("a", "created_at"), Order::Asc).order_by(("a", "id"), Order::Asc);
    let mut all = read_all(tx, &select).await?;
    all.sort_by_key(|agent| agent.deleted_at.is_some());
    Ok(all)
}

/// How the workspace's agents are spoken of, those that are deleted too.
pub(crate) struct AgentNames(HashMap<AgentId, AgentName>);

impl AgentNames {
    pub(crate) async fn read(tx: &mut Tx<'_>) -> Result<Self, Error> {
        let select = Query::select()
            .columns([("a", "id"), ("a", "name"), ("a", "former_name"), ("v", "label")])
            .from_as(tx.table(TABLE), "a")
            .join_as(JoinType::InnerJoin, tx.table(VERSIONS), "v", is_version(Expr::col(("a", "version"))))
            .take();
        let read = |row: &Row| {
            let (id, name, former_name): (AgentId, String, Option<String>) =
                (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok((id, AgentName { id, name: former_name.unwrap_or(name), label: row.get(3)? }))
        };
        Ok(Self(tx.fetch_all(&select).await?.iter().map(read).collect::<Result<_, Error>>()?))
    }

    pub(crate) fn of(&self, id: AgentId) -> AgentName {
        let unnamed = || AgentName { id, name: String::new(), label: String::new() };
        self.0.get(&id).cloned().unwrap_or_else(unnamed)
    }

    pub(crate) fn into_labels(self) -> HashMap<Uuid, String> {
        self.0.into_iter().map(|(id, agent)| (id.as_uuid(), agent.label)).collect()
    }
}

/// An agent as it is now, whether it is deleted or not.
pub(crate) async fn find(tx: &mut Tx<'_>, agent: AgentId) -> Result<Option<Agent>, Error> {
    let mut select = select(tx);
    select.and_where(Expr::col(("a", "id")).eq(agent.as_uuid()));
    Ok(read_all(tx, &select).await?.pop())
}

/// An agent as it was at one of its versions.
pub(crate) async fn find_at(tx: &mut Tx<'_>, agent: AgentId, version: i64) -> Result<Option<Agent>, Error> {
    let mut select = select_at(tx, Expr::val(version));
    select.and_where(Expr::col(("a", "id")).eq(agent.as_uuid()));
    Ok(read_all(tx, &select).await?.pop())
}

/// The same, which nobody else changes until the transaction ends.
pub(crate) async fn lock(tx: &mut Tx<'_>, agent: AgentId) -> Result<Option<Agent>, Error> {
    // Written and not only locked: a unit that began before another's commit is run again then, and sees what that wrote.
    let mut touch = update(tx, agent);
    touch.value("version", Expr::col("version"));
    tx.execute(&touch).await?;
    find(tx, agent).await
}

/// The latest versions of an agent, the last one first.
pub(crate) async fn versions(
    tx: &mut Tx<'_>,
    agent: AgentId,
    limit: u64,
) -> Result<Vec<AgentVersion>, Error> {
    let select = Query::select()
        .columns(OF_VERSION)
        .from(tx.table(VERSIONS))
        .and_where(Expr::col("agent_id").eq(agent.as_uuid()))
        .order_by("number", Order::Desc)
        .limit(limit)
        .take();
    tx.fetch_all(&select).await?.iter().map(|row| version(row, 0)).collect()
}

pub(crate) async fn set_active(tx: &mut Tx<'_>, agent: AgentId, is_active: bool) -> Result<(), Error> {
    let mut update = update(tx, agent);
    update.value("is_active", is_active);
    tx.execute(&update).await?;
    Ok(())
}

/// Puts an agent aside; its name is free for another.
pub(crate) async fn delete(tx: &mut Tx<'_>, agent: &Agent, now: Timestamp) -> Result<(), Error> {
    let mut update = update(tx, agent.id);
    update
        .value("deleted_at", instant(now))
        .value("former_name", agent.name.as_str())
        // No name has the form of an id.
        .value("name", agent.id.to_string());
    tx.execute(&update).await?;
    Ok(())
}

/// Takes a deleted agent back under its name.
pub(crate) async fn restore(tx: &mut Tx<'_>, agent: &Agent) -> Result<(), Error> {
    let mut update = update(tx, agent.id);
    update
        .value("deleted_at", null_instant())
        .value("former_name", Option::<String>::None)
        .value("name", agent.name.as_str());
    tx.execute(&update).await?;
    Ok(())
}

fn update(tx: &Tx<'_>, agent: AgentId) -> UpdateStatement {
    Query::update().table(tx.table(TABLE)).and_where(Expr::col("id").eq(agent.as_uuid())).take()
}

/// Agents as they are now, with the prompts that they use.
fn select(tx: &Tx<'_>) -> SelectStatement {
    select_at(tx, Expr::col(("a", "version")))
}

fn is_version(version: Expr) -> Expr {
    Expr::col(("v", "agent_id")).equals(("a", "id")).and(Expr::col(("v", "number")).eq(version))
}

/// Agents at a version.
fn select_at(tx: &Tx<'_>, version: Expr) -> SelectStatement {
    let used = Expr::col(("p", "agent_id"))
        .equals(("a", "id"))
        .and(Expr::col(("p", "version")).equals(("v", "prompt_version")));
    Query::select()
        .columns(OF_AGENT.map(|column| ("a", column)))
        .column(("p", "body"))
        .columns(OF_VERSION.map(|column| ("v", column)))
        .from_as(tx.table(TABLE), "a")
        .join_as(JoinType::InnerJoin, tx.table(VERSIONS), "v", is_version(version))
        .join_as(JoinType::InnerJoin, tx.table("agent_prompts"), "p", used)
        .take()
}

async fn read_all(tx: &mut Tx<'_>, select: &SelectStatement) -> Result<Vec<Agent>, Error> {
    tx.fetch_all(select).await?.iter().map(agent).collect()
}
