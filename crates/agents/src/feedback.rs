//! What members think of answers.

use std::collections::HashMap;

use kontor_core::{
    caller::Caller,
    ids::{AgentId, MemberId, SessionId, TurnId},
    text,
};
use kontor_store::Tx;
use serde::Deserialize;

use crate::{
    access::{member_of, readable_turn, require_conversations},
    definition::names_in_sight,
    engine::Agents,
    error::Error,
    rows::{
        agents::{self, AgentNames},
        feedback::{self, FeedbackRow, Listed, Wanted},
    },
    sharing::{member_name, names},
    stored::{Feedback, Rating},
};

/// Characters of a comment on an answer.
pub const LONGEST_FEEDBACK: usize = 2_000;
/// Characters of the message that was answered, in lists.
const MESSAGE: usize = 200;
const LISTED: u32 = 100;

/// What a member thinks of an answer.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFeedback {
    pub rating: Rating,
    #[serde(default)]
    #[schemars(length(max = 2_000))]
    pub comment: Option<String>,
}

/// Which feedback is asked for.
#[derive(Debug, Clone, Default)]
pub struct FeedbackQuery {
    pub rating: Option<Rating>,
    /// The name of an agent.
    pub agent: Option<String>,
    pub limit: u32,
    pub after: Option<String>,
}

/// A page of feedback, the latest first.
#[derive(Debug, Clone)]
pub struct FeedbackPage {
    pub feedback: Vec<Feedback>,
    /// What to give as `after` for the next page.
    pub next: Option<String>,
}

impl Agents {
    /// Says what the caller thinks of a turn's answer, in the place of what they said before.
    pub async fn set_feedback(
        &self,
        caller: &Caller,
        turn: TurnId,
        new: NewFeedback,
    ) -> Result<Feedback, Error> {
        let member = member_of(caller)?;
        let comment = new.comment.unwrap_or_default().trim().to_owned();
        if comment.chars().count() > LONGEST_FEEDBACK || comment.contains('\0') {
            let told = format!("A comment has at most {LONGEST_FEEDBACK} characters and no NUL characters.");
            return Err(Error::invalid("comment", "too_long", told));
        }
        let given_at = self.0.environment.now();
        let row = FeedbackRow { turn, member, rating: new.rating, comment, given_at };
        self.namespace(caller.workspace)
            .await?
            .write(row, |tx, row| {
                Box::pin(async move {
                    let (turn, session, _) = readable_turn(tx, row.turn, row.member).await?;
                    if turn.started_at.is_none() {
                        return Err(Error::NotAnswered);
                    }
                    feedback::set(tx, row).await?;
                    let listed = Listed {
                        row: row.clone(),
                        session: session.id,
                        agent: turn.agent.unwrap_or(session.agent),
                        message: turn.message,
                    };
                    Ok::<_, Error>(told(tx, vec![listed]).await?.remove(0))
                })
            })
            .await
    }

    /// Takes back what the caller said of a turn's answer.
    pub async fn remove_feedback(&self, caller: &Caller, turn: TurnId) -> Result<(), Error> {
        let member = member_of(caller)?;
        self.namespace(caller.workspace)
            .await?
            .write((turn, member), |tx, &(turn, member)| {
                Box::pin(async move {
                    readable_turn(tx, turn, member).await?;
                    match feedback::remove(tx, turn, member).await? {
                        true => Ok(()),
                        false => Err(Error::FeedbackNotFound),
                    }
                })
            })
            .await
    }

    /// What the caller thinks of the turns of a session.
    pub async fn own_feedback(
        &self,
        caller: &Caller,
        session: SessionId,
    ) -> Result<HashMap<TurnId, (Rating, String)>, Error> {
        let member = member_of(caller)?;
        let rows = self
            .namespace(caller.workspace)
            .await?
            .read((session, member), |tx, &(session, member)| {
                Box::pin(feedback::of_member(tx, session, member))
            })
            .await?;
        Ok::<_, Error>(rows.into_iter().map(|row| (row.turn, (row.rating, row.comment))).collect())
    }

    /// What the workspace's members think of answers, the latest first.
    ///
    /// # Errors
    /// Without the permission `conversations`.
    pub async fn feedback(&self, caller: &Caller, query: FeedbackQuery) -> Result<FeedbackPage, Error> {
        require_conversations(caller)?;
        let limit = query.limit.clamp(1, LISTED);
        let after = query.after.as_deref().map(read_cursor).transpose()?;
        let agent = self.agent_filter(caller, query.agent.as_deref()).await?;
        let wanted = Wanted { rating: query.rating, agent, after, limit: u64::from(limit) + 1 };
        let (feedback, next) = self
            .namespace(caller.workspace)
            .await?
            .read(wanted, move |tx, wanted| {
                Box::pin(async move {
                    let mut listed = feedback::list(tx, wanted).await?;
                    let has_more = listed.len() > limit as usize;
                    listed.truncate(limit as usize);
                    let next = listed.last().filter(|_| has_more).map(|listed| cursor(&listed.row));
                    Ok::<_, Error>((told(tx, listed).await?, next))
                })
            })
            .await?;
        Ok(FeedbackPage { feedback, next })
    }

    /// The agent that a list is asked for by name.
    pub(crate) async fn agent_filter(
        &self,
        caller: &Caller,
        name: Option<&str>,
    ) -> Result<Option<AgentId>, Error> {
        let Some(name) = name else { return Ok(None) };
        // One that is deleted or not active has its conversations all the same.
        let namespace = self.namespace(caller.workspace).await?;
        let all = namespace.read((), |tx, ()| Box::pin(agents::list_with_deleted(tx))).await?;
        if let Some(agent) = all.iter().find(|agent| agent.name == name) {
            return Ok::<_, Error>(Some(agent.id));
        }
        let near = text::suggestion(name, names_in_sight(caller, &all));
        let told = format!("There is no agent {:?}.{near}", text::excerpt(name, 60));
        Err(Error::invalid("agent", "unknown_agent", told))
    }
}

async fn told(tx: &mut Tx<'_>, listed: Vec<Listed>) -> Result<Vec<Feedback>, Error> {
    let names = names(tx).await?;
    let agents = AgentNames::read(tx).await?;
    let feedback = |Listed { row, session, agent, message }: Listed| Feedback {
        turn: row.turn,
        session,
        member: member_name(row.member, &names),
        agent: agents.of(agent),
        rating: row.rating,
        comment: row.comment,
        message: text::excerpt(&message, MESSAGE),
        href: format!("/turns/{}", row.turn),
        given_at: row.given_at,
    };
    Ok(listed.into_iter().map(feedback).collect())
}

fn cursor(row: &FeedbackRow) -> String {
    format!("{}_{}_{}", row.given_at.micros(), row.turn, row.member)
}

fn read_cursor(text: &str) -> Result<(kontor_core::time::Timestamp, TurnId, MemberId), Error> {
    let read = || {
        let mut parts = text.split('_');
        let (at, turn, member) = (parts.next()?, parts.next()?, parts.next()?);
        let at = kontor_core::time::Timestamp::from_micros(at.parse().ok()?);
        Some((at, turn.parse().ok()?, member.parse().ok()?)).filter(|_| parts.next().is_none())
    };
    read().ok_or_else(|| Error::invalid("after", "invalid_cursor", "The cursor is not valid for this list."))
}
