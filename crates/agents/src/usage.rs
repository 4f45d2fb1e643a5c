//! What models have used up, as members and admins ask for it.

use std::collections::HashMap;

use kontor_core::{
    caller::Caller,
    error::Issue,
    grants::{NotPermitted, Permission},
    ids::{AgentId, MemberId},
    time::Date,
};
use kontor_identity::member_names;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    access::member_of,
    engine::Agents,
    error::Error,
    rows::{
        agents::AgentNames,
        usage::{self, GroupKey, UsageOf},
    },
    stored::{UsageBy, UsageFigures},
};

/// Days of a report that names none.
const USUAL_DAYS: i64 = 30;
/// The most days of a report.
const MOST_DAYS: i64 = 366;
/// The most groups of a report, and how many are told unless more are asked for.
pub const MOST_GROUPS: u32 = 50_000;
const USUAL_GROUPS: u32 = 500;

/// Which usage is asked for.
#[derive(Debug, Clone)]
pub struct UsageQuery {
    pub by: UsageBy,
    /// The first day; thirty days up to the last unless given.
    pub from: Option<Date>,
    /// The last day; today unless given.
    pub to: Option<Date>,
    pub agent: Option<AgentId>,
    pub member: Option<MemberId>,
    pub model: Option<String>,
    /// The most groups, of which there may be [`MOST_GROUPS`].
    pub limit: u32,
}

impl UsageQuery {
    /// All usage of the last thirty days.
    pub fn by(by: UsageBy) -> Self {
        Self { by, from: None, to: None, agent: None, member: None, model: None, limit: USUAL_GROUPS }
    }
}

/// Usage added up by something.
#[derive(Debug, Clone)]
pub struct UsageReport {
    pub from: Date,
    pub to: Date,
    /// The days in their order; agents, members and models with the most tokens first.
    pub groups: Vec<UsageGroup>,
    /// Whether there are groups beyond the limit.
    pub has_more: bool,
    /// Of all groups together.
    pub total: UsageFigures,
}

/// What has a day, an agent, a member or a model in common.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct UsageGroup {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<Named>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<Named>,
    /// The id of a model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    #[serde(flatten)]
    pub figures: UsageFigures,
}

/// An agent or a member by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Named {
    pub id: Uuid,
    /// Null for one that is gone.
    pub label: Option<String>,
}

impl Agents {
    /// Usage added up: all of the workspace for those who may change its settings, their own for other members.
    ///
    /// # Errors
    /// Another member's usage without the permission `settings`; [`Error::Invalid`] for days that are none of a report.
    pub async fn usage(&self, caller: &Caller, query: UsageQuery) -> Result<UsageReport, Error> {
        let mut query = query;
        if !caller.grants.permits(Permission::Settings) {
            let own = member_of(caller)?;
            if query.member.is_some_and(|member| member != own) {
                return Err(NotPermitted(Permission::Settings).into());
            }
            query.member = Some(own);
        }
        let zone = self.budgets_of(caller.workspace).await?.time_zone;
        let (from, to) = days(&query, zone.date(self.0.environment.now()))?;
        let UsageQuery { by, agent, member, model, limit, .. } = query;
        let limit = limit.clamp(1, MOST_GROUPS);
        let of = UsageOf { from, to, agent, member, model };
        let namespace = self.namespace(caller.workspace).await?;
        let (mut groups, total) = namespace
            .read((of, by, u64::from(limit)), |tx, (of, by, limit)| {
                Box::pin(async move {
                    let found = usage::grouped(tx, *by, of, limit + 1).await?;
                    let total = usage::summed(tx, of).await?;
                    let names = match by {
                        UsageBy::Agent => AgentNames::read(tx).await?.into_labels(),
                        UsageBy::Member => member_names(tx).await?.into_iter().map(by_uuid).collect(),
                        UsageBy::Day | UsageBy::Model => HashMap::new(),
                    };
                    let groups = found.into_iter().map(|(key, figures)| group(*by, key, figures, &names));
                    Ok::<_, Error>((groups.collect::<Vec<_>>(), total))
                })
            })
            .await?;
        let has_more = groups.len() > limit as usize;
        groups.truncate(limit as usize);
        Ok(UsageReport { from, to, groups, has_more, total })
    }
}

/// The days that are asked for, the first and the last.
fn days(query: &UsageQuery, today: Date) -> Result<(Date, Date), Error> {
    let to = query.to.unwrap_or(today);
    let from = query.from.unwrap_or_else(|| to.plus_days(1 - USUAL_DAYS));
    if from > to {
        let issue = Issue::new("from", "out_of_range", format!("the first day is after the last, {to}"));
        return Err(Error::Invalid(vec![issue]));
    }
    if from.plus_days(MOST_DAYS) <= to {
        let message =
            format!("at most {MOST_DAYS} days are added up at once: from {} on", to.plus_days(1 - MOST_DAYS));
        return Err(Error::Invalid(vec![Issue::new("from", "out_of_range", message)]));
    }
    Ok((from, to))
}

fn by_uuid((id, name): (MemberId, String)) -> (Uuid, String) {
    (id.as_uuid(), name)
}

fn group(by: UsageBy, key: GroupKey, figures: UsageFigures, names: &HashMap<Uuid, String>) -> UsageGroup {
    let named = |key: &str| {
        let id = key.parse().unwrap_or_default();
        Some(Named { id, label: names.get(&id).cloned() })
    };
    let mut group = UsageGroup { day: None, agent: None, member: None, model: None, figures };
    match by {
        UsageBy::Day => group.day = key.parse().ok(),
        UsageBy::Agent => group.agent = named(&key),
        UsageBy::Member => group.member = named(&key),
        UsageBy::Model => group.model = Some(key),
    }
    group
}
