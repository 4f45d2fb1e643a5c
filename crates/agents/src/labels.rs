//! Labels: words that stand for versions of prompts, moved by compare and set; and the second person's word that a
//! protected one moves by.

use kontor_core::{
    actor::Actor, caller::Caller, environment::Environment, error::Issue, grants::Permission, ids::ReviewId,
    text, time::Timestamp,
};
use kontor_store::Tx;
use serde::Deserialize;
use serde_json::json;

use crate::{
    definition::{Agent, Label, PRODUCTION, Review},
    definitions::{audit, require_either},
    engine::Agents,
    error::Error,
    prompt_versions::{is_protected, note_issue, protected_labels},
    prompts,
    publishing::Passed,
    rows::{
        agents,
        prompts::{self as rows, LabelRow},
        reviews::{self, ReviewRow},
    },
    stored::ReviewStatus,
};

/// Labels of one agent.
const MOST: usize = 50;
/// Reviews that are listed.
const LISTED: u64 = 100;

/// Where a label is to move.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LabelMove {
    pub version: i64,
    /// Where the caller believes it to be; null where it is nowhere yet.
    #[serde(default)]
    pub expected: Option<i64>,
    /// Why it moves although what its gate requires is not shown, which takes the permission `publishing`.
    #[serde(default)]
    pub reason: Option<String>,
}

/// A move of a protected label that a second person is asked about.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReview {
    pub label: String,
    pub version: i64,
    /// Where the caller believes the label to be.
    #[serde(default)]
    pub expected: Option<i64>,
    /// What whoever looks at it is to know.
    #[serde(default)]
    pub note: String,
}

/// What a second person says.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewAnswer {
    pub decision: ReviewDecision,
    #[serde(default)]
    pub comment: String,
    /// Why the label moves although what its gate requires is not shown, which takes the permission `publishing`.
    #[serde(default)]
    pub reason: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReviewDecision {
    /// The label moves, unless it is elsewhere by now.
    Approve,
    Refuse,
    /// By whom asked for it.
    Withdraw,
}

impl Agents {
    /// The labels of an agent's prompt, by name.
    ///
    /// # Errors
    /// Without the permission `agents` or `prompts`; [`Error::AgentNotFound`].
    pub async fn labels(&self, caller: &Caller, name: &str) -> Result<Vec<Label>, Error> {
        require_either(caller)?;
        let agent = self.read_agent(caller, name).await?;
        let namespace = self.namespace(caller.workspace).await?;
        namespace
            .read(agent.id, |tx, &id| {
                Box::pin(async move {
                    let protected = protected_labels(tx).await?;
                    let rows = rows::labels(tx, id).await?;
                    Ok::<_, Error>(rows.into_iter().map(|row| told(row, &protected)).collect())
                })
            })
            .await
    }

    /// Moves a label from where it is believed to be to another version. Where it is `production`, the agent's next turn
    /// uses that version.
    ///
    /// # Errors
    /// Without the permission `prompts`; [`Error::LabelMoved`] where it is elsewhere; [`Error::ReviewRequired`] where a
    /// second person has to agree; [`Error::PromptNotFound`]; [`Error::Invalid`].
    pub async fn move_label(
        &self,
        caller: &Caller,
        name: &str,
        label: &str,
        to: LabelMove,
    ) -> Result<Label, Error> {
        caller.require(Permission::Prompts)?;
        check_label("label", label)?;
        let agent = self.present_agent(caller, name).await?;
        if label == PRODUCTION {
            self.check_role(caller, &agent.definition.role).await?;
        }
        let passed = self.pass_gate(caller, &agent, label, to.version, to.reason.as_deref()).await?;
        let (environment, id) = (self.0.environment.clone(), agent.id);
        let now = environment.now();
        let namespace = self.namespace(caller.workspace).await?;
        let moved = namespace
            .write(
                (environment, agent, label.to_owned(), to, caller.actor(), now, passed),
                |tx, (environment, agent, label, to, actor, now, passed)| {
                    Box::pin(async move {
                        if is_protected(tx, label).await? {
                            return Err(Error::ReviewRequired(label.clone()));
                        }
                        note_passed(tx, environment, agent, passed.as_ref(), actor, *now).await?;
                        let (from, to) = (to.expected, to.version);
                        let row = set(tx, environment, agent, label, from, to, actor, *now).await?;
                        // A protected one is not moved alone.
                        Ok(told(row, &[]))
                    })
                },
            )
            .await?;
        self.0.agents.remove(&id);
        Ok(moved)
    }

    /// Removes a label that is not `production`.
    ///
    /// # Errors
    /// Without the permission `prompts`; [`Error::LabelNotFound`]; [`Error::LabelNeeded`]; [`Error::ReviewRequired`].
    pub async fn remove_label(&self, caller: &Caller, name: &str, label: &str) -> Result<(), Error> {
        caller.require(Permission::Prompts)?;
        if label == PRODUCTION {
            return Err(Error::LabelNeeded(label.to_owned()));
        }
        let agent = self.present_agent(caller, name).await?;
        let environment = self.0.environment.clone();
        let now = environment.now();
        let namespace = self.namespace(caller.workspace).await?;
        namespace
            .write(
                (environment, agent, label.to_owned(), caller.actor(), now),
                |tx, (environment, agent, label, actor, now)| {
                    Box::pin(async move {
                        let agent: &Agent = agent;
                        agents::lock(tx, agent.id).await?;
                        let all = rows::labels(tx, agent.id).await?;
                        let Some(known) = all.into_iter().find(|known| known.label == *label) else {
                            return Err(Error::LabelNotFound(text::excerpt(label, text::LONGEST_LABEL)));
                        };
                        if is_protected(tx, label).await? {
                            return Err(Error::ReviewRequired(label.clone()));
                        }
                        rows::remove_label(tx, agent.id, label).await?;
                        let details = json!({"label": label, "before": known.version, "after": null});
                        audit(tx, environment, actor, "label.removed", &agent.name, details, *now).await
                    })
                },
            )
            .await
    }

    /// What a second person was asked about an agent's labels, the latest first.
    ///
    /// # Errors
    /// Without the permission `agents` or `prompts`; [`Error::AgentNotFound`].
    pub async fn reviews(&self, caller: &Caller, name: &str) -> Result<Vec<Review>, Error> {
        require_either(caller)?;
        let agent = self.read_agent(caller, name).await?;
        let namespace = self.namespace(caller.workspace).await?;
        let found: Vec<ReviewRow> =
            namespace.read(agent.id, |tx, &id| Box::pin(reviews::list(tx, id, LISTED))).await?;
        Ok(found.into_iter().map(Review::from).collect())
    }

    /// Asks a second person whether a label may move.
    ///
    /// # Errors
    /// Without the permission `prompts`; [`Error::LabelMoved`]; [`Error::PromptNotFound`]; [`Error::Invalid`].
    pub async fn request_review(&self, caller: &Caller, name: &str, new: NewReview) -> Result<Review, Error> {
        caller.require(Permission::Prompts)?;
        check_label("label", &new.label)?;
        if let Some(issue) = note_issue("note", &new.note) {
            return Err(Error::Invalid(vec![issue]));
        }
        let agent = self.present_agent(caller, name).await?;
        let environment = self.0.environment.clone();
        let now = environment.now();
        let row = ReviewRow {
            id: environment.new_id(),
            agent: agent.id,
            label: new.label,
            version: new.version,
            expected: new.expected,
            note: new.note.trim().to_owned(),
            status: ReviewStatus::Pending,
            requested_by: caller.actor(),
            requested_at: now,
            answered_by: None,
            answered_at: None,
            comment: String::new(),
        };
        let namespace = self.namespace(caller.workspace).await?;
        namespace
            .write((environment, agent, row), |tx, (environment, agent, row)| {
                Box::pin(async move {
                    let (agent, row): (&Agent, &ReviewRow) = (agent, row);
                    standing(tx, agent, &row.label, row.expected).await?;
                    let version = rows::find(tx, agent.id, row.version).await?;
                    version.ok_or(Error::PromptNotFound(row.version))?;
                    tx.insert(row).await?;
                    let details =
                        json!({"label": row.label, "before": row.expected, "after": row.version, "note": row.note});
                    let (actor, at) = (&row.requested_by, row.requested_at);
                    audit(tx, environment, actor, "review.requested", &agent.name, details, at).await?;
                    Ok(Review::from(row.clone()))
                })
            })
            .await
    }

    /// Answers a review. Approved, the label moves in the same moment, unless it is elsewhere by now.
    ///
    /// # Errors
    /// Without the permission `prompts`; [`Error::OwnReview`]; [`Error::ReviewClosed`]; [`Error::LabelMoved`];
    /// [`Error::ReviewNotFound`].
    pub async fn answer_review(
        &self,
        caller: &Caller,
        name: &str,
        review: ReviewId,
        answer: ReviewAnswer,
    ) -> Result<Review, Error> {
        caller.require(Permission::Prompts)?;
        if let Some(issue) = note_issue("comment", &answer.comment) {
            return Err(Error::Invalid(vec![issue]));
        }
        let agent = self.present_agent(caller, name).await?;
        let mut passed = None;
        if answer.decision == ReviewDecision::Approve {
            self.check_role(caller, &agent.definition.role).await?;
            let asked = self.reviews(caller, name).await?.into_iter().find(|asked| asked.id == review);
            if let Some(asked) = asked.filter(|asked| asked.status == ReviewStatus::Pending) {
                let reason = answer.reason.as_deref();
                passed = self.pass_gate(caller, &agent, &asked.label, asked.version, reason).await?;
            }
        }
        let (environment, id) = (self.0.environment.clone(), agent.id);
        let now = environment.now();
        let namespace = self.namespace(caller.workspace).await?;
        let answered = namespace
            .write(
                (environment, agent, answer, caller.actor(), now, passed),
                move |tx, (environment, agent, answer, actor, now, passed)| {
                    Box::pin(async move {
                        let (agent, now): (&Agent, _) = (agent, *now);
                        agents::lock(tx, agent.id).await?;
                        let row = reviews::find(tx, agent.id, review).await?;
                        let row = row.ok_or(Error::ReviewNotFound)?;
                        if row.status != ReviewStatus::Pending {
                            return Err(Error::ReviewClosed);
                        }
                        let asked = row.requested_by.principal == actor.principal;
                        let (status, action) = match answer.decision {
                            ReviewDecision::Withdraw if !asked => return Err(Error::ReviewNotFound),
                            ReviewDecision::Withdraw => (ReviewStatus::Withdrawn, "review.withdrawn"),
                            ReviewDecision::Refuse => (ReviewStatus::Refused, "review.refused"),
                            ReviewDecision::Approve => {
                                let version = rows::find(tx, agent.id, row.version).await?;
                                let version = version.ok_or(Error::PromptNotFound(row.version))?;
                                if asked || version.author.principal == actor.principal {
                                    return Err(Error::OwnReview);
                                }
                                (ReviewStatus::Approved, "review.approved")
                            }
                        };
                        let row = ReviewRow {
                            status,
                            answered_by: Some(actor.clone()),
                            answered_at: Some(now),
                            comment: answer.comment.trim().to_owned(),
                            ..row
                        };
                        reviews::answer(tx, &row).await?;
                        let details = json!({
                            "label": row.label, "before": row.expected, "after": row.version,
                            "comment": row.comment,
                        });
                        audit(tx, environment, actor, action, &agent.name, details, now).await?;
                        if status == ReviewStatus::Approved {
                            note_passed(tx, environment, agent, passed.as_ref(), actor, now).await?;
                            let (label, from, to) = (&row.label, row.expected, row.version);
                            set(tx, environment, agent, label, from, to, actor, now).await?;
                        }
                        Ok(Review::from(row))
                    })
                },
            )
            .await?;
        self.0.agents.remove(&id);
        Ok(answered)
    }
}

/// That an agent is still what its gate was asked about; and that its label moves although the gate is not passed.
async fn note_passed(
    tx: &mut Tx<'_>,
    environment: &Environment,
    agent: &Agent,
    passed: Option<&Passed>,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Error> {
    let Some(passed) = passed else { return Ok(()) };
    if let Some(present) = agents::lock(tx, agent.id).await?
        && present.version != passed.agent_version
    {
        let changed = present.definition.differences(&agent.definition);
        return Err(Error::AgentChanged {
            version: present.version,
            by: present.made_by.to_string(),
            changed: changed.into_iter().map(str::to_owned).collect(),
        });
    }
    match &passed.without {
        None => Ok(()),
        Some(details) => {
            audit(tx, environment, actor, "gate.bypassed", &agent.name, details.clone(), now).await
        }
    }
}

/// Compares and sets a label, in a transaction that the agent's row orders.
#[expect(clippy::too_many_arguments, reason = "a move is from and to, by whom and when")]
pub(crate) async fn set(
    tx: &mut Tx<'_>,
    environment: &Environment,
    agent: &Agent,
    label: &str,
    expected: Option<i64>,
    version: i64,
    actor: &Actor,
    now: Timestamp,
) -> Result<LabelRow, Error> {
    let present = agents::lock(tx, agent.id).await?;
    let present = present.ok_or_else(|| Error::AgentDeleted(agent.definition.label.clone()))?;
    if present.deleted_at.is_some() {
        return Err(Error::AgentDeleted(present.definition.label));
    }
    let labels = standing(tx, &present, label, expected).await?;
    if labels.len() >= MOST && expected.is_none() {
        return Err(Error::invalid("label", "too_many", format!("an agent has at most {MOST} labels")));
    }
    rows::find(tx, agent.id, version).await?.ok_or(Error::PromptNotFound(version))?;
    prompts::move_label(tx, &present, label, version, actor, now).await?;
    let details = json!({"label": label, "before": expected, "after": version});
    audit(tx, environment, actor, "label.moved", &agent.name, details, now).await?;
    Ok(LabelRow { agent: agent.id, label: label.to_owned(), version, moved_by: actor.clone(), moved_at: now })
}

/// All labels, where this one stands as it is believed to.
async fn standing(
    tx: &mut Tx<'_>,
    agent: &Agent,
    label: &str,
    expected: Option<i64>,
) -> Result<Vec<LabelRow>, Error> {
    let labels = rows::labels(tx, agent.id).await?;
    let known = labels.iter().find(|known| known.label == label);
    let at = known.map(|known| known.version);
    if at != expected {
        if let Some(version) = expected.filter(|version| Some(*version) != at)
            && rows::find(tx, agent.id, version).await?.is_none()
        {
            let latest = rows::latest(tx, agent.id).await?;
            return Err(Error::UnknownVersion { path: "expected", version, latest });
        }
        let by = known.map(|known| known.moved_by.to_string());
        return Err(Error::LabelMoved { label: label.to_owned(), at, by });
    }
    Ok(labels)
}

fn told(row: LabelRow, protected: &[String]) -> Label {
    let LabelRow { label, version, moved_by, moved_at, .. } = row;
    Label { is_protected: protected.contains(&label), label, version, moved_by, moved_at }
}

fn check_label(path: &str, label: &str) -> Result<(), Error> {
    if text::is_label(label) {
        return Ok(());
    }
    Err(Error::Invalid(vec![Issue::new(path, "invalid_label", text::label_expected())]))
}
