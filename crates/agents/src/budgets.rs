//! The budgets that a workspace sets.

use std::collections::HashMap;

use kontor_core::{
    actor::Actor,
    caller::Caller,
    environment::Environment,
    error::Issue,
    grants::Permission,
    time::{Date, Timestamp},
    usage::Spent,
};
use kontor_identity::member_names;
use kontor_store::{AuditEntry, Tx};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::{
    engine::Agents,
    error::Error,
    rows::{
        agents::AgentNames,
        budgets::{self, BudgetRow},
        usage::{self, UsageOf},
    },
    stored::{BudgetScope, UsageBy, UsageFigures},
    usage::Named,
};

/// Budgets that a workspace may have.
const MOST: usize = 1_000;
/// The largest limit, in tokens or in millionths of a dollar.
const LARGEST: u64 = 1_000_000_000_000_000;

/// A budget: once as many tokens or as much money is used up, no model is asked any more.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Budget {
    pub scope: BudgetScope,
    /// The agent or the member that it is for; null for each that has none of its own.
    pub subject: Option<Named>,
    /// In millionths of a US dollar.
    pub cost_micros: Option<u64>,
    /// Of input and output.
    pub tokens: Option<u64>,
    /// What is used up of it today; null where it is for one turn, or for each.
    pub used: Option<Spent>,
    pub set_by: Actor,
    pub set_at: Timestamp,
}

/// What a budget is set to; at least one of them.
#[derive(Debug, Clone, Copy, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBudget {
    /// In millionths of a US dollar. Answers of models whose price is not known cost nothing here.
    #[serde(default)]
    pub cost_micros: Option<u64>,
    /// Of input and output.
    #[serde(default)]
    pub tokens: Option<u64>,
}

impl Agents {
    /// The workspace's budgets, with what is used up of them today.
    ///
    /// # Errors
    /// Without the permission `settings`.
    pub async fn budgets(&self, caller: &Caller) -> Result<Vec<Budget>, Error> {
        require(caller)?;
        let zone = self.budgets_of(caller.workspace).await?.time_zone;
        let today = zone.date(self.0.environment.now());
        let namespace = self.namespace(caller.workspace).await?;
        namespace.read(today, |tx, &today| Box::pin(list(tx, today))).await
    }

    /// Sets a budget in the place of the one of this scope and subject: without a subject it is for each agent or
    /// member that has none of its own.
    ///
    /// # Errors
    /// Without the permission `settings`; [`Error::Invalid`] with all that is wrong.
    pub async fn set_budget(
        &self,
        caller: &Caller,
        scope: BudgetScope,
        subject: Option<&str>,
        new: NewBudget,
    ) -> Result<Budget, Error> {
        require(caller)?;
        let subject = checked(scope, subject, Some(new))?;
        let (environment, now) = (self.0.environment.clone(), self.0.environment.now());
        let zone = self.budgets_of(caller.workspace).await?.time_zone;
        let number = |limit: Option<u64>| limit.and_then(|limit| i64::try_from(limit).ok());
        let row = BudgetRow {
            scope,
            subject: subject.map(|id| id.to_string()).unwrap_or_default(),
            cost_micros: number(new.cost_micros),
            tokens: number(new.tokens),
            set_by: caller.actor(),
            set_at: now,
        };
        let namespace = self.namespace(caller.workspace).await?;
        let set: Result<Budget, Error> = namespace
            .write((row, environment, zone.date(now)), |tx, (row, environment, today)| {
                Box::pin(set(tx, row, environment, *today))
            })
            .await;
        self.0.workspace_budgets.forget(caller.workspace);
        set
    }

    /// Removes a budget.
    ///
    /// # Errors
    /// Without the permission `settings`; [`Error::BudgetNotFound`].
    pub async fn remove_budget(
        &self,
        caller: &Caller,
        scope: BudgetScope,
        subject: Option<&str>,
    ) -> Result<(), Error> {
        require(caller)?;
        let subject = checked(scope, subject, None)?.map(|id| id.to_string()).unwrap_or_default();
        let (environment, now) = (self.0.environment.clone(), self.0.environment.now());
        let namespace = self.namespace(caller.workspace).await?;
        let removed: Result<(), Error> = namespace
            .write((subject, environment, caller.actor()), move |tx, (subject, environment, actor)| {
                Box::pin(async move {
                    if !budgets::remove(tx, scope, subject).await? {
                        return Err(Error::BudgetNotFound);
                    }
                    let entry = AuditEntry::new("budget.removed", target(scope, subject), json!({}));
                    tx.audit(environment, now, actor, entry).await?;
                    Ok(())
                })
            })
            .await;
        self.0.workspace_budgets.forget(caller.workspace);
        removed
    }
}

fn require(caller: &Caller) -> Result<(), Error> {
    Ok(caller.require(Permission::Settings)?)
}

async fn list(tx: &mut Tx<'_>, today: Date) -> Result<Vec<Budget>, Error> {
    let rows = budgets::list(tx).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut names = AgentNames::read(tx).await?.into_labels();
    names.extend(member_names(tx).await?.into_iter().map(|(id, name)| (id.as_uuid(), name)));
    let of = UsageOf { from: today, to: today, agent: None, member: None, model: None };
    let mut spent: HashMap<String, Spent> = HashMap::new();
    spent.insert(String::new(), in_all(&usage::summed(tx, &of).await?));
    for (scope, by) in [(BudgetScope::Agent, UsageBy::Agent), (BudgetScope::Member, UsageBy::Member)] {
        let subjects = rows.iter().filter(|row| row.scope == scope);
        let subjects = subjects.filter_map(|row| row.subject.parse().ok()).collect();
        let groups = usage::of_subjects(tx, by, &of, subjects).await?;
        spent.extend(groups.into_iter().map(|(key, figures)| (key, in_all(&figures))));
    }
    Ok(rows.into_iter().map(|row| shown(row, &names, &spent)).collect())
}

fn in_all(figures: &UsageFigures) -> Spent {
    let tokens = figures.input_tokens.saturating_add(figures.output_tokens);
    Spent { tokens, cost_micros: figures.cost_micros }
}

fn shown(row: BudgetRow, names: &HashMap<Uuid, String>, spent: &HashMap<String, Spent>) -> Budget {
    let subject = row.subject.parse::<Uuid>().ok().map(|id| Named { id, label: names.get(&id).cloned() });
    let is_of_one = subject.is_some() || row.scope == BudgetScope::Workspace;
    Budget {
        scope: row.scope,
        cost_micros: row.cost_micros(),
        tokens: row.tokens(),
        used: is_of_one.then(|| spent.get(&row.subject).copied().unwrap_or_default()),
        subject,
        set_by: row.set_by,
        set_at: row.set_at,
    }
}

async fn set(
    tx: &mut Tx<'_>,
    row: &BudgetRow,
    environment: &Environment,
    today: Date,
) -> Result<Budget, Error> {
    let before = budgets::list(tx).await?;
    let is_same = |other: &&BudgetRow| (other.scope, &other.subject) == (row.scope, &row.subject);
    let replaced = before.iter().find(is_same);
    if replaced.is_none() && before.len() >= MOST {
        let message = format!("a workspace has at most {MOST} budgets");
        return Err(Error::invalid("subject", "too_many", message));
    }
    if !row.subject.is_empty() {
        let names = match row.scope {
            BudgetScope::Agent => AgentNames::read(tx).await?.into_labels(),
            _ => member_names(tx).await?.into_iter().map(|(id, name)| (id.as_uuid(), name)).collect(),
        };
        let is_known = row.subject.parse().is_ok_and(|id: Uuid| names.contains_key(&id));
        if !is_known {
            let message = format!("there is no {} of this id", row.scope.word());
            return Err(Error::invalid("subject", "not_found", message));
        }
    }
    budgets::put(tx, row).await?;
    let limits = |row: &BudgetRow| json!({"cost_micros": row.cost_micros, "tokens": row.tokens});
    let details = json!({"before": replaced.map(limits), "after": limits(row)});
    let entry = AuditEntry::new("budget.set", target(row.scope, &row.subject), details);
    tx.audit(environment, row.set_at, &row.set_by, entry).await?;
    let all = list(tx, today).await?;
    let subject = row.subject.parse().ok();
    let set = all
        .into_iter()
        .find(|budget| budget.scope == row.scope && budget.subject.as_ref().map(|named| named.id) == subject);
    set.ok_or(Error::BudgetNotFound)
}

/// What the audit calls it.
fn target(scope: BudgetScope, subject: &str) -> String {
    let scope = scope.word();
    if subject.is_empty() { format!("budget:{scope}") } else { format!("budget:{scope}/{subject}") }
}

/// The subject of a budget, or all that is wrong with it and its limits.
fn checked(scope: BudgetScope, subject: Option<&str>, new: Option<NewBudget>) -> Result<Option<Uuid>, Error> {
    let mut issues = Vec::new();
    let may_have_one = matches!(scope, BudgetScope::Agent | BudgetScope::Member);
    let id = subject.map(|subject| subject.parse::<Uuid>().ok().filter(|_| may_have_one));
    if id == Some(None) {
        let message = if may_have_one {
            format!("expected the id of the {}", scope.word())
        } else {
            format!("the budget of the {} has none", scope.word())
        };
        issues.push(Issue::new("subject", "invalid_subject", message));
    }
    if let Some(NewBudget { cost_micros, tokens }) = new {
        if cost_micros.is_none() && tokens.is_none() {
            let message = "set how much may be used up: in millionths of a dollar, in tokens, or both";
            issues.push(Issue::new("cost_micros", "required", message));
        }
        for (path, limit) in [("cost_micros", cost_micros), ("tokens", tokens)] {
            if limit.is_some_and(|limit| limit > LARGEST) {
                issues.push(Issue::new(path, "out_of_range", format!("expected at most {LARGEST}")));
            }
        }
    }
    if issues.is_empty() { Ok(id.flatten()) } else { Err(Error::Invalid(issues)) }
}
