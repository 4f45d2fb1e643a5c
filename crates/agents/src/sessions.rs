//! Sessions: conversations between a member and an agent.

use kontor_core::{
    caller::Caller,
    grants::Action,
    ids::{AgentId, MemberId, RecordId, SessionId},
    metadata::Object,
    text,
    time::Timestamp,
    turn::{AgentName, Routing, Sequence},
};
use kontor_store::Tx;
use serde::{Deserialize, Serialize};

use crate::{
    access::{member_of, own, readable, require_chat},
    engine::Agents,
    error::Error,
    rows::{
        session_words,
        sessions::{self, Changes, SessionRow},
        shares,
        turns::{self as turn_rows, TurnRow},
    },
    session_agent,
    sharing::{member_name, named, names},
    stored::{Access, MemberName, SessionStatus, Share, TurnStatus},
    turns::Turn,
};

/// Sessions that a member keeps at the top.
const MOST_PINNED: usize = 50;
pub(crate) const LONGEST_TITLE: usize = 200;

/// What a new session is made of.
#[derive(Debug, Clone, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSession {
    /// The agent's name. Without one, an agent that the caller may use is chosen when the first message is answered.
    #[serde(default)]
    #[schemars(length(min = 1, max = 100))]
    pub agent: Option<String>,
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
    /// Whether the caller keeps it at the top of their list.
    pub pinned: Option<bool>,
    /// The name of another agent, whose the next turns are. While a turn has not ended, it stays with the one it has.
    #[serde(deserialize_with = "not_null")]
    #[schemars(length(min = 1, max = 100))]
    pub agent: Option<String>,
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

/// What is absent stays, and null is no name.
fn not_null<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(Some)
}

/// A session, as its member sees it.
#[derive(Debug, Clone, Serialize, schemars::JsonSchema)]
pub struct Session {
    pub id: SessionId,
    /// Null until one is chosen: when the first message is answered, where the session was begun without one.
    pub agent: Option<AgentName>,
    /// Why it is with this agent; null where it was begun with it by name.
    pub routing: Option<Routing>,
    pub title: Option<String>,
    pub status: SessionStatus,
    /// Whether the caller keeps it at the top of their list.
    pub pinned: bool,
    /// What the caller may do in it.
    pub access: Access,
    /// Whose it is, where that is not the caller.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(default)]
    pub member: Option<MemberName>,
    pub context: Option<SessionContext>,
    /// The session whose beginning it has as its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(default)]
    pub forked_from: Option<SessionId>,
    pub expires_at: Timestamp,
    /// The number of the last logged event.
    pub last_seq: Sequence,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// When it was deleted; it can be taken back for some days.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(default)]
    pub deleted_at: Option<Timestamp>,
    /// With whom its member shares it. Not filled in lists.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub shares: Vec<Share>,
    /// The turns that have not ended: the one that runs or waits for an approval, and those behind it. Not
    /// filled in lists.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub queue: Vec<Turn>,
}

impl Agents {
    /// Begins a conversation with an agent, or with one that is chosen when the first message is answered.
    pub async fn create_session(&self, caller: &Caller, new: NewSession) -> Result<Session, Error> {
        let member = member_of(caller)?;
        require_chat(caller)?;
        let title = new.title.as_deref().map(checked_title).transpose()?;
        let context = self.checked_context(caller, new.context).await?;
        let agent = match &new.agent {
            Some(name) => self.agent_to_use(caller, name).await?,
            // It stands in until one is chosen.
            None => self.usable_agents(caller).await?.into_iter().next().ok_or(Error::NoAgent)?,
        };
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
            is_shared: false,
            forked_from: None,
            deleted_at: None,
            awaits_agent: new.agent.is_none(),
            routing: None,
        };
        self.namespace(caller.workspace)
            .await?
            .write(row.clone(), |tx, row| Box::pin(tx.insert(row)))
            .await?;
        let name =
            AgentName { id: agent.id, name: agent.name.clone(), label: agent.definition.label.clone() };
        Ok(session(row, Some(name), Vec::new()))
    }

    /// A session with the turns that have not ended.
    pub async fn session(&self, caller: &Caller, id: SessionId) -> Result<Session, Error> {
        let member = member_of(caller)?;
        let namespace = self.namespace(caller.workspace).await?;
        let (row, mut told) = namespace
            .read((id, member), |tx, &(id, member)| {
                Box::pin(async move {
                    let (row, access) = readable(tx, id, member).await?;
                    let told = OfReader::read(tx, &row, access, member).await?;
                    Ok::<_, Error>((row, told))
                })
            })
            .await?;
        let name = match row.chosen_agent() {
            Some(agent) => Some(self.agent_name(caller, agent).await?),
            None => None,
        };
        let queue = std::mem::take(&mut told.queue);
        let session = session(row, name, queue.into_iter().map(Turn::from).collect());
        Ok(Session {
            pinned: told.is_pinned,
            access: told.access,
            member: told.owner,
            shares: told.shares,
            ..session
        })
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
        let to = match &patch.agent {
            Some(name) => Some(self.agent_for_own(caller, member, id, name).await?),
            None => None,
        };
        let (status, pinned, now) = (patch.status, patch.pinned, self.0.environment.now());
        let is_changed = changes.title.is_some() || status.is_some() || changes.context.is_some();
        let namespace = self.namespace(caller.workspace).await?;
        if status == Some(SessionStatus::Active) {
            self.0.jobs.announce(caller.workspace).await?;
        }
        let logged = namespace
            .write(changes, move |tx, changes| {
                Box::pin(async move {
                    // First, as what has been chosen is what a message is answered by that comes in meanwhile.
                    let logged = match to {
                        Some(agent) => session_agent::change(tx, id, member, agent, now).await?,
                        None => Vec::new(),
                    };
                    if let Some(status) = status {
                        check_transition(tx, id, member, status, now).await?;
                    }
                    readable(tx, id, member).await?;
                    if let Some(pinned) = pinned {
                        set_pinned(tx, id, member, pinned).await?;
                    }
                    if is_changed {
                        own(tx, id, member).await?;
                        let changed = sessions::change(tx, id, member, changes, now).await?;
                        changed.ok_or(Error::SessionNotFound(id))?;
                    }
                    if changes.title.is_some() {
                        // It is found by its new title.
                        session_words::forget(tx, id).await?;
                    }
                    Ok::<_, Error>(logged)
                })
            })
            .await?;
        self.0.hub.publish(caller.workspace, id, &logged);
        if status == Some(SessionStatus::Active) {
            // What waited while it was paused runs now.
            self.wake(caller.workspace, id);
        }
        self.session(caller, id).await
    }

    /// An agent that a session of the caller's is to go to. Of another's session nobody is told which agents there are.
    async fn agent_for_own(
        &self,
        caller: &Caller,
        member: MemberId,
        session: SessionId,
        name: &str,
    ) -> Result<AgentId, Error> {
        let namespace = self.namespace(caller.workspace).await?;
        let read = namespace.read((session, member), |tx, &(id, member)| Box::pin(own(tx, id, member)));
        read.await?;
        Ok(self.agent_to_use(caller, name).await?.id)
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

/// What a session is to its reader.
struct OfReader {
    access: Access,
    is_pinned: bool,
    owner: Option<MemberName>,
    shares: Vec<Share>,
    queue: Vec<TurnRow>,
}

impl OfReader {
    async fn read(
        tx: &mut Tx<'_>,
        row: &SessionRow,
        access: Access,
        member: MemberId,
    ) -> Result<Self, Error> {
        let is_pinned = shares::pinned(tx, member).await?.contains(&row.id);
        let (mut owner, mut shared) = (None, Vec::new());
        if access != Access::Owner {
            owner = Some(member_name(row.member, &names(tx).await?));
        } else if row.is_shared {
            let rows = shares::of_session(tx, row.id).await?;
            shared = named(rows, &names(tx).await?);
        }
        let queue = turn_rows::open(tx, row.id).await?;
        Ok(Self { access, is_pinned, owner, shares: shared, queue })
    }
}

/// Keeps a session at the top of a member's list, or does so no longer.
async fn set_pinned(
    tx: &mut Tx<'_>,
    session: SessionId,
    member: MemberId,
    pinned: bool,
) -> Result<(), Error> {
    if !pinned {
        return shares::unpin(tx, session, member).await;
    }
    let before = shares::pinned(tx, member).await?;
    if before.len() >= MOST_PINNED && !before.contains(&session) {
        return Err(Error::TooManyPinned(MOST_PINNED));
    }
    shares::pin(tx, session, member).await
}

/// Whether a session may get a status. It is locked by it, so that no message comes in meanwhile.
async fn check_transition(
    tx: &mut Tx<'_>,
    id: SessionId,
    member: MemberId,
    wanted: SessionStatus,
    now: Timestamp,
) -> Result<(), Error> {
    let found = own(tx, id, member).await?;
    sessions::advance(tx, id, 0, now).await?;
    let found = sessions::find(tx, id, member).await?.unwrap_or(found);
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

/// A session as its reader sees it; what belongs to the reader of it is added by who knows it.
pub(crate) fn session(row: SessionRow, agent: Option<AgentName>, queue: Vec<Turn>) -> Session {
    let context = row.context().map(|(object, id)| SessionContext { object, id });
    Session {
        id: row.id,
        agent: agent.filter(|_| !row.awaits_agent),
        routing: row.routing,
        title: row.title,
        status: row.status,
        pinned: false,
        access: Access::Owner,
        member: None,
        context,
        forked_from: row.forked_from,
        expires_at: row.expires_at,
        last_seq: row.last_seq,
        created_at: row.created_at,
        updated_at: row.updated_at,
        deleted_at: row.deleted_at,
        shares: Vec::new(),
        queue,
    }
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
