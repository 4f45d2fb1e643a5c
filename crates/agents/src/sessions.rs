//! Sessions: conversations between a member and an agent.

use kontor_core::{
    caller::Caller,
    grants::Action,
    ids::{AgentId, MemberId, RecordId, SessionId},
    metadata::Object,
    text,
    time::Timestamp,
    turn::Sequence,
};
use kontor_store::{BoxFuture, Tx};
use serde::{Deserialize, Serialize};

use crate::{
    engine::Agents,
    error::Error,
    rows::{
        agents,
        sessions::{self, Changes, SessionRow},
        turns as turn_rows,
    },
    stored::{SessionStatus, TurnStatus},
    turns::Turn,
};

/// How many sessions are listed at most.
const LISTED: u32 = 200;
const LONGEST_TITLE: usize = 200;

/// What a new session is made of.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSession {
    /// The agent's name.
    #[schemars(length(min = 1, max = 100))]
    pub agent: String,
    /// Without one, the first message names it.
    #[serde(default)]
    pub title: Option<String>,
    #[serde(default)]
    pub context: Option<SessionContext>,
}

/// The record the member is looking at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionContext {
    /// The object's name.
    pub object: String,
    pub id: RecordId,
}

/// What of a session its member changes; what is absent stays.
#[derive(Debug, Clone, Default, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SessionPatch {
    pub title: Option<String>,
    pub status: Option<SessionStatus>,
    /// Null clears it.
    #[serde(deserialize_with = "given")]
    #[schemars(with = "Option<SessionContext>")]
    pub context: Option<Option<SessionContext>>,
}

fn given<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<SessionContext>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A session, as its member sees it.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Session {
    pub id: SessionId,
    pub agent: AgentName,
    pub title: Option<String>,
    pub status: SessionStatus,
    pub context: Option<SessionContext>,
    pub expires_at: Timestamp,
    /// The number of the last logged event.
    pub last_seq: Sequence,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// The turns that have not ended: the one that runs or waits for an approval, and those behind it. Not
    /// filled in lists.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub queue: Vec<Turn>,
}

/// How an agent is named where it is spoken of.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct AgentName {
    pub id: AgentId,
    pub name: String,
    pub label: String,
}

/// A page of a member's sessions, the one used last first.
#[derive(Debug, Clone, Serialize)]
pub struct SessionPage {
    pub sessions: Vec<Session>,
    /// What to give as `after` for the next page.
    pub next: Option<String>,
}

impl Agents {
    /// Begins a conversation with an agent.
    pub async fn create_session(&self, caller: &Caller, new: NewSession) -> Result<Session, Error> {
        let member = member_of(caller)?;
        let title = new.title.as_deref().map(checked_title).transpose()?;
        let context = self.checked_context(caller, new.context).await?;
        let agent = self.agent_named(caller.workspace, &new.agent).await?;
        let now = self.0.environment.now();
        let (context_object, context_id) = context.unzip();
        let row = SessionRow {
            id: self.0.environment.new_id(),
            member,
            agent: agent.id,
            title,
            status: SessionStatus::Active,
            context_object,
            context_id,
            expires_at: now.plus(self.0.settings.session_lifetime),
            last_seq: 0,
            turn_count: 0,
            epoch: 0,
            created_at: now,
            updated_at: now,
        };
        self.namespace(caller.workspace)
            .await?
            .write(row.clone(), |tx, row| Box::pin(tx.insert(row)))
            .await?;
        let name =
            AgentName { id: agent.id, name: agent.name.clone(), label: agent.definition.label.clone() };
        session(row, name, Vec::new())
    }

    /// A member's sessions, the one used last first.
    pub async fn sessions(
        &self,
        caller: &Caller,
        limit: u32,
        after: Option<&str>,
    ) -> Result<SessionPage, Error> {
        let member = member_of(caller)?;
        let after = after.map(read_cursor).transpose()?;
        let limit = limit.clamp(1, LISTED);
        let namespace = self.namespace(caller.workspace).await?;
        let (mut rows, agents) = namespace
            .read((member, limit, after), |tx, &(member, limit, after)| {
                Box::pin(async move {
                    let rows = sessions::list(tx, member, u64::from(limit) + 1, after).await?;
                    Ok::<_, Error>((rows, agents::list_with_deleted(tx).await?))
                })
            })
            .await?;
        let has_more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = rows.last().filter(|_| has_more).map(cursor);
        let sessions = rows
            .into_iter()
            .map(|row| {
                let known = agents.iter().find(|agent| agent.id == row.agent);
                let name = AgentName {
                    id: row.agent,
                    name: known.map(|agent| agent.name.clone()).unwrap_or_default(),
                    label: known.map(|agent| agent.definition.label.clone()).unwrap_or_default(),
                };
                session(row, name, Vec::new())
            })
            .collect::<Result<_, _>>()?;
        Ok(SessionPage { sessions, next })
    }

    /// A session with the turns that have not ended.
    pub async fn session(&self, caller: &Caller, id: SessionId) -> Result<Session, Error> {
        let member = member_of(caller)?;
        let namespace = self.namespace(caller.workspace).await?;
        let (row, queue) = namespace
            .read((id, member), |tx, &(id, member)| {
                Box::pin(async move {
                    let row = sessions::find(tx, id, member).await?.ok_or(Error::SessionNotFound(id))?;
                    Ok::<_, Error>((row, turn_rows::open(tx, id).await?))
                })
            })
            .await?;
        let name = self.agent_name(caller, row.agent).await?;
        session(row, name, queue.into_iter().map(Turn::from).collect())
    }

    /// Changes a session. One that is completed stays so, and one with turns that have not ended is not
    /// completed.
    pub async fn update_session(
        &self,
        caller: &Caller,
        id: SessionId,
        patch: SessionPatch,
    ) -> Result<Session, Error> {
        let member = member_of(caller)?;
        let context = match patch.context {
            None => None,
            Some(context) => Some(self.checked_context(caller, context).await?),
        };
        let changes = Changes {
            title: patch.title.as_deref().map(checked_title).transpose()?,
            status: patch.status.map(SessionStatus::word),
            context,
        };
        let (status, now) = (patch.status, self.0.environment.now());
        let namespace = self.namespace(caller.workspace).await?;
        if status == Some(SessionStatus::Active) {
            self.0.jobs.announce(caller.workspace).await?;
        }
        namespace
            .write(changes, move |tx, changes| {
                Box::pin(async move {
                    if let Some(status) = status {
                        check_transition(tx, id, member, status, now).await?;
                    }
                    sessions::change(tx, id, member, changes, now).await?.ok_or(Error::SessionNotFound(id))
                })
            })
            .await?;
        if status == Some(SessionStatus::Active) {
            // What waited while it was paused runs now.
            self.wake(caller.workspace, id);
        }
        self.session(caller, id).await
    }

    async fn agent_name(&self, caller: &Caller, id: AgentId) -> Result<AgentName, Error> {
        let agent = self.agent(caller.workspace, id).await?;
        Ok(AgentName { id, name: agent.name.clone(), label: agent.definition.label.clone() })
    }

    /// A context names a record of an object the caller may read. Whether the record is there shows when the
    /// agent is told of it.
    async fn checked_context(
        &self,
        caller: &Caller,
        context: Option<SessionContext>,
    ) -> Result<Option<(String, RecordId)>, Error> {
        let Some(context) = context else { return Ok(None) };
        let schema = self.0.crm.schema(caller.workspace).await?;
        let may_read = |object: &Object| caller.grants.allows(&object.name, Action::Read);
        if schema.object(&context.object).is_some_and(|object| may_read(object)) {
            return Ok(Some((context.object, context.id)));
        }
        let objects = schema.objects().iter().filter(|object| may_read(object));
        let near = text::suggestion(&context.object, objects.map(|object| object.name.as_str()));
        let name = text::excerpt(&context.object, 60);
        let told = format!("There is no object {name:?}.{near}");
        Err(Error::invalid("context.object", "unknown_object", told))
    }
}

/// Whether a session may get a status. It is locked by it, so that no message comes in meanwhile.
async fn check_transition(
    tx: &mut Tx<'_>,
    id: SessionId,
    member: MemberId,
    wanted: SessionStatus,
    now: Timestamp,
) -> Result<(), Error> {
    sessions::advance(tx, id, 0, now).await?;
    let found = sessions::find(tx, id, member).await?.ok_or(Error::SessionNotFound(id))?;
    match (found.status, wanted) {
        (SessionStatus::Completed, SessionStatus::Completed) => Ok(()),
        (SessionStatus::Completed, _) => Err(Error::SessionOver),
        (_, SessionStatus::Completed) => {
            let open = turn_rows::open(tx, id).await?.into_iter().map(Turn::from);
            match open.filter(|turn| turn.status != TurnStatus::Cancelled).count() {
                0 => Ok(()),
                open => Err(Error::TurnsOpen(open)),
            }
        }
        (_, SessionStatus::Active | SessionStatus::Paused) => Ok(()),
    }
}

/// Sessions belong to members.
pub(crate) fn member_of(caller: &Caller) -> Result<MemberId, Error> {
    caller.member().ok_or(Error::NotAMember)
}

fn session(row: SessionRow, agent: AgentName, queue: Vec<Turn>) -> Result<Session, Error> {
    let context = row.context().map(|(object, id)| SessionContext { object, id });
    Ok(Session {
        id: row.id,
        agent,
        title: row.title,
        status: row.status,
        context,
        expires_at: row.expires_at,
        last_seq: row.last_seq,
        created_at: row.created_at,
        updated_at: row.updated_at,
        queue,
    })
}

fn checked_title(title: &str) -> Result<String, Error> {
    let title = title.trim();
    let wrong = |code, message: &str| Err(Error::invalid("title", code, message));
    if title.is_empty() {
        return wrong("required", "A title is not empty.");
    }
    if title.chars().count() > LONGEST_TITLE {
        return wrong("too_long", "A title has at most 200 characters.");
    }
    if title.chars().any(char::is_control) {
        return wrong("wrong_characters", "A title has no control characters.");
    }
    Ok(title.to_owned())
}

fn cursor(row: &SessionRow) -> String {
    format!("{}_{}", row.updated_at.micros(), row.id)
}

fn read_cursor(text: &str) -> Result<(Timestamp, SessionId), Error> {
    let read = || {
        let (at, id) = text.split_once('_')?;
        Some((Timestamp::from_micros(at.parse().ok()?), id.parse().ok()?))
    };
    read().ok_or_else(|| Error::invalid("after", "invalid_cursor", "The cursor is not valid for this list."))
}

/// Removes chats that expired before an instant, with all that was said in them.
pub fn prune_chats<'t>(
    tx: &'t mut Tx<'_>,
    before: Timestamp,
) -> BoxFuture<'t, Result<u64, kontor_store::Error>> {
    Box::pin(sessions::prune(tx, before))
}
