use kontor_core::{ids::AgentId, time::Timestamp};
use kontor_store::{Row, Tx};
use sea_query::{Expr, ExprTrait, Func, JoinType, Order, Query, SelectStatement};
use uuid::Uuid;

use super::instant;
use crate::{definition::Agent, error::Error};

const TABLE: &str = "agents";
const PROMPTS: &str = "agent_prompts";

fn decode(row: &Row) -> Result<Agent, Error> {
    let tools: String = row.get(6)?;
    Ok(Agent {
        id: row.get(0)?,
        name: row.get(1)?,
        label: row.get(2)?,
        description: row.get(3)?,
        model: row.get(4)?,
        role: row.get(5)?,
        tools: serde_json::from_str(&tools)?,
        prompt: row.get(7)?,
        prompt_version: row.get(8)?,
    })
}

/// Writes an agent with the first version of its prompt.
pub(crate) async fn insert(
    tx: &mut Tx<'_>,
    agent: &Agent,
    prompt_id: Uuid,
    now: Timestamp,
) -> Result<(), Error> {
    let insert = Query::insert()
        .into_table(tx.table(TABLE))
        .columns([
            "id",
            "name",
            "label",
            "description",
            "model",
            "role",
            "tools",
            "is_standard",
            "created_at",
            "updated_at",
        ])
        .values_panic([
            Expr::val(agent.id.as_uuid()),
            Expr::val(agent.name.as_str()),
            Expr::val(agent.label.as_str()),
            Expr::val(agent.description.as_str()),
            Expr::val(agent.model.as_str()),
            Expr::val(agent.role.as_str()),
            Expr::val(serde_json::to_string(&agent.tools)?),
            Expr::val(true),
            Expr::val(instant(now)),
            Expr::val(instant(now)),
        ])
        .take();
    tx.execute(&insert).await?;
    insert_prompt(tx, agent.id, agent.prompt_version, &agent.prompt, prompt_id, now).await
}

/// Publishes a prompt as an agent's next version, in the place of the one that is published.
pub(crate) async fn publish(
    tx: &mut Tx<'_>,
    agent: AgentId,
    body: &str,
    id: Uuid,
    now: Timestamp,
) -> Result<(), Error> {
    let of_agent = Expr::col("agent_id").eq(agent.as_uuid());
    let latest = Query::select()
        .expr(Func::max(Expr::col("version")))
        .from(tx.table(PROMPTS))
        .and_where(of_agent.clone())
        .take();
    let latest: i64 = tx.fetch_one(&latest).await?.get(0)?;
    let withdraw =
        Query::update().table(tx.table(PROMPTS)).value("is_published", false).and_where(of_agent).take();
    tx.execute(&withdraw).await?;
    insert_prompt(tx, agent, latest + 1, body, id, now).await
}

pub(crate) async fn set_model(tx: &mut Tx<'_>, agent: AgentId, model: &str) -> Result<(), Error> {
    let update = Query::update()
        .table(tx.table(TABLE))
        .value("model", model)
        .and_where(Expr::col("id").eq(agent.as_uuid()))
        .take();
    tx.execute(&update).await?;
    Ok(())
}

async fn insert_prompt(
    tx: &mut Tx<'_>,
    agent: AgentId,
    version: i64,
    body: &str,
    id: Uuid,
    now: Timestamp,
) -> Result<(), Error> {
    let insert = Query::insert()
        .into_table(tx.table(PROMPTS))
        .columns(["id", "agent_id", "version", "body", "is_published", "created_at"])
        .values_panic([
            Expr::val(id),
            Expr::val(agent.as_uuid()),
            Expr::val(version),
            Expr::val(body),
            Expr::val(true),
            Expr::val(instant(now)),
        ])
        .take();
    tx.execute(&insert).await?;
    Ok(())
}

pub(crate) async fn list(tx: &mut Tx<'_>) -> Result<Vec<Agent>, Error> {
    let mut select = select(tx);
    select.order_by(("a", "created_at"), Order::Asc).order_by(("a", "id"), Order::Asc);
    tx.fetch_all(&select).await?.iter().map(decode).collect()
}

pub(crate) async fn find(tx: &mut Tx<'_>, agent: AgentId) -> Result<Option<Agent>, Error> {
    let mut select = select(tx);
    select.and_where(Expr::col(("a", "id")).eq(agent.as_uuid()));
    tx.fetch_optional(&select).await?.as_ref().map(decode).transpose()
}

/// Agents with the published version of their prompts.
fn select(tx: &Tx<'_>) -> SelectStatement {
    let published =
        Expr::col(("p", "agent_id")).equals(("a", "id")).and(Expr::col(("p", "is_published")).eq(true));
    Query::select()
        .columns(["id", "name", "label", "description", "model", "role", "tools"].map(|column| ("a", column)))
        .columns(["body", "version"].map(|column| ("p", column)))
        .from_as(tx.table(TABLE), "a")
        .join_as(JoinType::InnerJoin, tx.table(PROMPTS), "p", published)
        .take()
}
