//! `usage`: what answers of models have used up.

use kontor_core::{
    ids::{AgentId, MemberId, SessionId, TurnId},
    time::{Date, Timestamp},
    turn::{Sequence, TurnEvent},
    usage::{Spent, StepUsage},
};
use kontor_store::{Row, Tx};
use sea_query::{Alias, CaseStatement, Expr, ExprTrait, Func, JoinType, Order, Query, SelectStatement};
use uuid::Uuid;

use super::instant;
use crate::{
    error::Error,
    stored::{Draft, UsageBy, UsageFigures},
};

const TABLE: &str = "usage";

/// What is added up, in the order of [`figures`].
const SUMMED: [&str; 7] = [
    "input_tokens",
    "cached_input_tokens",
    "cache_write_tokens",
    "output_tokens",
    "reasoning_tokens",
    "cost_micros",
    "latency_ms",
];

const COLUMNS: [&str; 16] = [
    "session_id",
    "seq",
    "turn_id",
    "step",
    "agent_id",
    "member_id",
    "model",
    "day",
    "at",
    "input_tokens",
    "cached_input_tokens",
    "cache_write_tokens",
    "output_tokens",
    "reasoning_tokens",
    "cost_micros",
    "latency_ms",
];

/// Writes what an event of the log tells of usage; nothing where it tells none. The turn says whose it is.
pub(crate) async fn insert(
    tx: &mut Tx<'_>,
    session: SessionId,
    seq: Sequence,
    draft: &Draft,
    now: Timestamp,
) -> Result<(), Error> {
    let TurnEvent::Usage { turn, step, usage } = draft.event.inner() else { return Ok(()) };
    let agent = match &*draft.event {
        TurnEvent::AgentEvent { agent, .. } => Expr::val(agent.id.as_uuid()),
        // Its session may have gone to another.
        _ => Func::coalesce([Expr::col(("t", "agent_id")), Expr::col(("s", "agent_id"))]).into(),
    };
    let Some(day) = usage.day else { return Ok(()) };
    let (turn, step): (TurnId, i64) = (*turn, (*step).into());
    let values = Query::select()
        .exprs([
            Expr::val(session.as_uuid()),
            Expr::val(seq),
            Expr::val(turn.as_uuid()),
            Expr::val(step),
            agent,
            // Whose turn it is: several members may take part in a session.
            Expr::col(("t", "member_id")),
        ])
        .exprs(figures_of(usage, day, now))
        .from_as(tx.table("sessions"), "s")
        .join_as(
            JoinType::InnerJoin,
            tx.table("turns"),
            "t",
            Expr::col(("t", "session_id")).equals(("s", "id")),
        )
        .and_where(Expr::col(("s", "id")).eq(session.as_uuid()))
        .and_where(Expr::col(("t", "id")).eq(turn.as_uuid()))
        .take();
    let mut insert = Query::insert();
    insert.into_table(tx.table(TABLE)).columns(COLUMNS);
    let wrong = |error: sea_query::error::Error| kontor_store::Error::Statement { source: error.into() };
    insert.select_from(values).map_err(wrong)?;
    tx.execute(&insert).await?;
    Ok(())
}

/// The model, the day, the time and the figures of an answer's usage, in the order of the columns.
fn figures_of(usage: &StepUsage, day: Date, now: Timestamp) -> [Expr; 10] {
    let number = |count: u64| Expr::val(i64::try_from(count).unwrap_or(i64::MAX));
    [
        Expr::val(usage.model.as_str()),
        Expr::val(day.to_string()),
        Expr::val(instant(now)),
        number(usage.input_tokens),
        number(usage.cached_input_tokens),
        number(usage.cache_write_tokens),
        number(usage.output_tokens),
        number(usage.reasoning_tokens),
        Expr::val(usage.cost_micros.map(|cost| i64::try_from(cost).unwrap_or(i64::MAX))),
        number(usage.latency_ms),
    ]
}

/// Usage of a turn that is none of this workspace's: of a copy of it.
#[derive(Debug, Clone)]
pub(crate) struct ForeignUsage {
    pub(crate) session: SessionId,
    pub(crate) seq: Sequence,
    pub(crate) turn: TurnId,
    pub(crate) step: u32,
    pub(crate) agent: AgentId,
    pub(crate) member: MemberId,
    pub(crate) usage: StepUsage,
}

pub(crate) async fn insert_foreign(
    tx: &mut Tx<'_>,
    foreign: &ForeignUsage,
    now: Timestamp,
) -> Result<(), Error> {
    let Some(day) = foreign.usage.day else { return Ok(()) };
    let whose = [
        Expr::val(foreign.session.as_uuid()),
        Expr::val(foreign.seq),
        Expr::val(foreign.turn.as_uuid()),
        Expr::val(i64::from(foreign.step)),
        Expr::val(foreign.agent.as_uuid()),
        Expr::val(foreign.member.as_uuid()),
    ];
    let insert = Query::insert()
        .into_table(tx.table(TABLE))
        .columns(COLUMNS)
        .values_panic(whose.into_iter().chain(figures_of(&foreign.usage, day, now)))
        .take();
    tx.execute(&insert).await?;
    Ok(())
}

/// Whose usage of a day is asked for; that of all is added up only where it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Whose {
    pub(crate) all: bool,
    pub(crate) agent: Option<AgentId>,
    pub(crate) member: Option<MemberId>,
}

/// What a day has used up so far, as far as it was asked for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct DaySpent {
    pub(crate) workspace: Spent,
    pub(crate) agent: Spent,
    pub(crate) member: Spent,
}

/// What was used up in a day, as far as it is committed.
pub(crate) async fn of_day(tx: &mut Tx<'_>, day: Date, whose: Whose) -> Result<DaySpent, Error> {
    let of_agent = whose.agent.map(|id| Expr::col("agent_id").eq(id.as_uuid()));
    let of_member = whose.member.map(|id| Expr::col("member_id").eq(id.as_uuid()));
    let within = |condition: Option<Expr>, value: Expr| {
        let zero = Expr::val(0_i64);
        match condition {
            Some(condition) => {
                Expr::Case(Box::new(CaseStatement::new().case(condition, value).finally(zero)))
            }
            None => zero,
        }
    };
    let mut select = Query::select()
        .expr(total(tokens()))
        .expr(total(cost()))
        .expr(total(within(of_agent.clone(), tokens())))
        .expr(total(within(of_agent.clone(), cost())))
        .expr(total(within(of_member.clone(), tokens())))
        .expr(total(within(of_member.clone(), cost())))
        .from(tx.table(TABLE))
        .and_where(Expr::col("day").eq(day.to_string()))
        .take();
    if !whose.all
        && let Some(either) = of_agent.into_iter().chain(of_member).reduce(|either, or| either.or(or))
    {
        select.and_where(either);
    }
    let row = tx.fetch_one(&select).await?;
    let spent =
        |at: usize| Ok::<_, Error>(Spent { tokens: count(&row, at)?, cost_micros: count(&row, at + 1)? });
    let workspace = if whose.all { spent(0)? } else { Spent::default() };
    Ok(DaySpent { workspace, agent: spent(2)?, member: spent(4)? })
}

/// Which usage is asked for: of days from the first to the last.
#[derive(Debug, Clone)]
pub(crate) struct UsageOf {
    pub(crate) from: Date,
    pub(crate) to: Date,
    pub(crate) agent: Option<AgentId>,
    pub(crate) member: Option<MemberId>,
    pub(crate) model: Option<String>,
}

/// What a group of usage has in common, as text: a day, an id, or the id of a model.
pub(crate) type GroupKey = String;

/// Groups of usage: days in their order, others with the most tokens first; at most `limit`.
pub(crate) async fn grouped(
    tx: &mut Tx<'_>,
    by: UsageBy,
    of: &UsageOf,
    limit: u64,
) -> Result<Vec<(GroupKey, UsageFigures)>, Error> {
    let column = column(by);
    let mut select = figured(tx, of);
    select.column(column).group_by_col(column);
    if by != UsageBy::Day {
        select.order_by_expr(total(tokens()), Order::Desc);
    }
    select.order_by(column, Order::Asc).limit(limit);
    read_groups(tx, by, &select).await
}

/// The groups of these agents or members alone, as far as there is usage of them.
pub(crate) async fn of_subjects(
    tx: &mut Tx<'_>,
    by: UsageBy,
    of: &UsageOf,
    subjects: Vec<Uuid>,
) -> Result<Vec<(GroupKey, UsageFigures)>, Error> {
    if subjects.is_empty() {
        return Ok(Vec::new());
    }
    let column = column(by);
    let mut select = figured(tx, of);
    select.column(column).and_where(Expr::col(column).is_in(subjects)).group_by_col(column);
    read_groups(tx, by, &select).await
}

async fn read_groups(
    tx: &mut Tx<'_>,
    by: UsageBy,
    select: &SelectStatement,
) -> Result<Vec<(GroupKey, UsageFigures)>, Error> {
    let rows = tx.fetch_all(select).await?;
    let read = |row: &Row| {
        let at = SUMMED.len() + 2;
        let key = match by {
            UsageBy::Day | UsageBy::Model => row.get(at)?,
            UsageBy::Agent => row.get::<AgentId>(at)?.to_string(),
            UsageBy::Member => row.get::<MemberId>(at)?.to_string(),
        };
        Ok((key, figures(row)?))
    };
    rows.iter().map(read).collect()
}

/// All of it added up.
pub(crate) async fn summed(tx: &mut Tx<'_>, of: &UsageOf) -> Result<UsageFigures, Error> {
    let select = figured(tx, of);
    figures(&tx.fetch_one(&select).await?)
}

fn column(by: UsageBy) -> &'static str {
    match by {
        UsageBy::Day => "day",
        UsageBy::Agent => "agent_id",
        UsageBy::Member => "member_id",
        UsageBy::Model => "model",
    }
}

fn figured(tx: &Tx<'_>, of: &UsageOf) -> SelectStatement {
    let mut select = Query::select();
    select.from(tx.table(TABLE));
    for column in SUMMED {
        select.expr(total(Expr::col(column)));
    }
    select
        .expr(Expr::col(Alias::new("day")).count())
        .expr(Expr::col(Alias::new("cost_micros")).count())
        .and_where(Expr::col("day").gte(of.from.to_string()))
        .and_where(Expr::col("day").lte(of.to.to_string()))
        .and_where_option(of.agent.map(|id| Expr::col("agent_id").eq(id.as_uuid())))
        .and_where_option(of.member.map(|id| Expr::col("member_id").eq(id.as_uuid())))
        .and_where_option(of.model.as_ref().map(|id| Expr::col("model").eq(id.as_str())));
    select
}

fn figures(row: &Row) -> Result<UsageFigures, Error> {
    let at = SUMMED.len();
    let (steps, priced) = (count(row, at)?, count(row, at + 1)?);
    Ok(UsageFigures {
        steps,
        input_tokens: count(row, 0)?,
        cached_input_tokens: count(row, 1)?,
        cache_write_tokens: count(row, 2)?,
        output_tokens: count(row, 3)?,
        reasoning_tokens: count(row, 4)?,
        cost_micros: count(row, 5)?,
        unpriced_steps: steps.saturating_sub(priced),
        latency_ms: count(row, 6)?.checked_div(steps).unwrap_or(0),
    })
}

fn tokens() -> Expr {
    Expr::col("input_tokens").add(Expr::col("output_tokens"))
}

fn cost() -> Expr {
    Expr::col("cost_micros")
}

/// A sum as a whole number; nothing of no rows. PostgreSQL would answer a decimal.
fn total(value: Expr) -> Expr {
    value.sum().cast_as("bigint")
}

fn count(row: &Row, at: usize) -> Result<u64, Error> {
    let sum: Option<i64> = row.get(at)?;
    Ok(sum.and_then(|sum| u64::try_from(sum).ok()).unwrap_or(0))
}
