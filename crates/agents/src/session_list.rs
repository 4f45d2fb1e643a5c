//! The lists of a member's sessions, and what is found in them.

use kontor_core::{
    caller::Caller,
    ids::{MemberId, SessionId},
    text::search_words,
    time::Timestamp,
};
use kontor_store::Namespace;
use serde::Serialize;

use crate::{
    access::member_of,
    engine::Agents,
    error::Error,
    rows::{
        agents::AgentNames,
        session_list::{self, Place, Wanted},
        session_words,
        sessions::SessionRow,
    },
    sessions::{Session, session},
    sharing::{member_name, names},
    stored::{Access, SessionStatus},
};

/// How many sessions are listed at most.
const LISTED: u32 = 200;
/// The words of a search that are looked for.
const MOST_WORDS: usize = 12;
/// Sessions whose words are brought up to date in one unit of work.
const AT_ONCE: u64 = 20;
/// How often that is done for one search. What is left over is found by the next ones; the sessions used last come first.
const ROUNDS: u32 = 25;

/// Which sessions are asked for: those that are all of what is given.
#[derive(Debug, Clone, Default)]
pub struct SessionQuery {
    /// Words, or their beginnings, that are in the title or in what was said.
    pub search: Option<String>,
    /// The name of an agent.
    pub agent: Option<String>,
    pub status: Option<SessionStatus>,
    pub pinned: Option<bool>,
    /// Those that others share with the caller, or the caller's own.
    pub shared: Option<bool>,
    /// Those instead that are deleted and can be taken back.
    pub deleted: bool,
    /// At most 200.
    pub limit: u32,
    pub after: Option<String>,
}

impl SessionQuery {
    /// The first so many.
    pub fn first(limit: u32) -> Self {
        Self { limit, ..Self::default() }
    }
}

/// A page of a member's sessions: the pinned ones first, then the one used last.
#[derive(Debug, Clone, Serialize)]
pub struct SessionPage {
    pub sessions: Vec<Session>,
    /// What to give as `after` for the next page.
    pub next: Option<String>,
}

impl Agents {
    /// The caller's sessions and those that are shared with them: the pinned ones first, then the one used last.
    pub async fn sessions(&self, caller: &Caller, query: SessionQuery) -> Result<SessionPage, Error> {
        let member = member_of(caller)?;
        let after = query.after.as_deref().map(read_cursor).transpose()?;
        let limit = query.limit.clamp(1, LISTED);
        let namespace = self.namespace(caller.workspace).await?;
        let words = match query.search.as_deref().map(str::trim).filter(|search| !search.is_empty()) {
            None => Vec::new(),
            Some(search) => {
                let words = search_words(search, MOST_WORDS);
                if words.is_empty() {
                    return Ok(SessionPage { sessions: Vec::new(), next: None });
                }
                catch_up(&namespace, member).await?;
                words
            }
        };
        let wanted = Wanted {
            member,
            words,
            agent: self.agent_filter(caller, query.agent.as_deref()).await?,
            status: query.status,
            pinned: query.pinned,
            shared: query.shared,
            deleted: query.deleted,
            limit: u64::from(limit) + 1,
            after,
        };
        namespace
            .read(wanted, move |tx, wanted| {
                Box::pin(async move {
                    let mut listed = session_list::list(tx, wanted).await?;
                    let agents = AgentNames::read(tx).await?;
                    let names = match listed.shares.is_empty() {
                        true => Default::default(),
                        false => names(tx).await?,
                    };
                    let has_more = listed.rows.len() > limit as usize;
                    listed.rows.truncate(limit as usize);
                    let is_pinned = |id: SessionId| listed.pinned.contains(&id);
                    let last = listed.rows.last().filter(|_| has_more);
                    let next = last.map(|row| cursor(row, is_pinned(row.id)));
                    let told = |row: SessionRow| {
                        let agent = agents.of(row.agent);
                        let share = listed.shares.iter().find(|share| share.session == row.id);
                        let owner = (row.member != member).then(|| member_name(row.member, &names));
                        Session {
                            pinned: is_pinned(row.id),
                            access: match (&owner, share) {
                                (Some(_), Some(share)) => share.access,
                                _ => Access::Owner,
                            },
                            member: owner,
                            ..session(row, Some(agent), Vec::new())
                        }
                    };
                    let sessions = listed.rows.clone().into_iter().map(told).collect();
                    Ok::<_, Error>(SessionPage { sessions, next })
                })
            })
            .await
    }
}

/// Brings the words of a member's sessions up to date, some at a time: nothing is written for it before somebody looks.
async fn catch_up(namespace: &Namespace, member: MemberId) -> Result<(), Error> {
    let is_behind =
        namespace.read(member, |tx, &member| Box::pin(session_words::behind(tx, member, 1))).await?;
    if is_behind.is_empty() {
        return Ok::<_, Error>(());
    }
    for _ in 0..ROUNDS {
        let done = namespace
            .write(member, |tx, &member| {
                Box::pin(async move {
                    let behind = session_words::behind(tx, member, AT_ONCE).await?;
                    let count = behind.len() as u64;
                    for session in behind {
                        session_words::catch_up(tx, session).await?;
                    }
                    Ok::<_, Error>(count)
                })
            })
            .await?;
        if done < AT_ONCE {
            break;
        }
    }
    Ok(())
}

fn cursor(row: &SessionRow, is_pinned: bool) -> String {
    let pinned = if is_pinned { "p" } else { "" };
    format!("{pinned}{}_{}", row.updated_at.micros(), row.id)
}

fn read_cursor(text: &str) -> Result<Place, Error> {
    let read = || {
        let (is_pinned, rest) = match text.strip_prefix('p') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (at, id) = rest.split_once('_')?;
        let used = Timestamp::from_micros(at.parse().ok()?);
        Some(Place { is_pinned, used, session: id.parse().ok()? })
    };
    read().ok_or_else(|| Error::invalid("after", "invalid_cursor", "The cursor is not valid for this list."))
}
