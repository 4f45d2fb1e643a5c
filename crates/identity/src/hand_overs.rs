//! Records that go from a member who may not act any more to one who may: what is asked for, and how far it has come.
//! The records themselves are changed by a job of those who know records.

use std::collections::HashMap;

use kontor_core::{
    caller::Caller,
    environment::Environment,
    grants::{Action, Grants},
    ids::MemberId,
    time::Timestamp,
};
use kontor_store::{
    Tx,
    jobs::{Announced, NewJob},
};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

pub use crate::rows::hand_overs::HandOverState;
use crate::{
    Error, Identity, MemberStatus, Result,
    rows::{
        hand_overs::{self, HandOverRow},
        members,
    },
};

/// What the job is stored under that hands records over; its payload is the id of the hand-over.
pub const HAND_OVER_JOB: &str = "members.hand_over";

/// How far a hand-over has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct HandOver {
    pub to: MemberId,
    pub to_name: String,
    pub state: HandOverState,
    /// How many records have another owner or assignee by now; null for who may read less than who asked for it.
    pub handed_over: Option<i64>,
    /// How many whoever asked for it may read and could not change; null as above.
    pub left_over: Option<i64>,
    /// Whether there are others, which who asked for it may not read: they stay, uncounted.
    pub has_hidden: bool,
    /// Why it failed.
    pub problem: Option<String>,
    pub begun_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

/// A hand-over as the job goes on with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandOverProgress {
    pub id: Uuid,
    pub from: MemberId,
    pub to: MemberId,
    pub state: HandOverState,
    pub handed_over: i64,
    pub left_over: i64,
    pub has_hidden: bool,
    /// What the job wrote down to go on by.
    pub place: Option<String>,
    pub problem: Option<String>,
}

/// The latest of each member, as a caller is told of it. How many records there are is for who asked, and for who may
/// read them all.
pub(crate) async fn latest(tx: &mut Tx<'_>, caller: &Caller) -> Result<HashMap<MemberId, HandOver>> {
    let rows = hand_overs::latest(tx, None).await?;
    if rows.is_empty() {
        return Ok(HashMap::new());
    }
    let reads_all = Grants::on_every_object([Action::Read]).is_within(&caller.grants);
    let names: HashMap<_, _> = members::all(tx).await?.into_iter().map(|m| (m.id, m.name)).collect();
    Ok(rows
        .into_iter()
        .map(|row| {
            let to_name = names.get(&row.to).cloned().unwrap_or_default();
            let is_counted = reads_all || row.asked_by.is_some() && row.asked_by == caller.member();
            let counted = |count: i64| Some(count).filter(|_| is_counted);
            let told = HandOver {
                to: row.to,
                to_name,
                state: row.state,
                handed_over: counted(row.handed_over),
                left_over: counted(row.left_over),
                has_hidden: row.has_hidden,
                problem: row.problem,
                begun_at: row.begun_at,
                ended_at: row.ended_at,
            };
            (row.from, told)
        })
        .collect())
}

/// Writes down what is to be handed over, with the job that does it.
pub(crate) async fn begin(
    tx: &mut Tx<'_>,
    environment: &Environment,
    announced: Announced,
    (from, to): (MemberId, MemberId),
    asked_by: Option<MemberId>,
    now: Timestamp,
) -> Result<()> {
    if hand_overs::latest(tx, Some(from)).await?.iter().any(|row| row.state == HandOverState::Running) {
        return Err(Error::HandOverUnderWay);
    }
    hand_overs::forget_ended(tx, from).await?;
    let row = HandOverRow {
        id: environment.new_id(),
        from,
        to,
        asked_by,
        state: HandOverState::Running,
        handed_over: 0,
        left_over: 0,
        has_hidden: false,
        place: None,
        problem: None,
        begun_at: now,
        ended_at: None,
    };
    hand_overs::insert(tx, &row).await.map_err(|error| match error {
        // Another began one at the same moment.
        Error::Store(kontor_store::Error::UniqueViolation { .. }) => Error::HandOverUnderWay,
        other => other,
    })?;
    let job = NewJob { name: HAND_OVER_JOB, payload: json!(row.id), due_at: now, priority: 0, key: None };
    tx.enqueue(environment, announced, &job).await?;
    Ok(())
}

impl HandOverProgress {
    /// The hand-over of this id, kept from all others until the transaction ends.
    ///
    /// # Errors
    /// What the database said.
    pub async fn find(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<Self>> {
        Ok(hand_overs::find(tx, id).await?.map(|row| Self {
            id: row.id,
            from: row.from,
            to: row.to,
            state: row.state,
            handed_over: row.handed_over,
            left_over: row.left_over,
            has_hidden: row.has_hidden,
            place: row.place,
            problem: row.problem,
        }))
    }

    /// Why it does not go on, where either of the two is not any more what it was begun for.
    ///
    /// # Errors
    /// What the database said.
    pub async fn is_over(&self, tx: &mut Tx<'_>) -> Result<Option<&'static str>> {
        let status = async |tx: &mut Tx<'_>, id| {
            members::find(tx, id).await.map(|row| row.map(|row| row.summary.status))
        };
        if status(tx, self.from).await? == Some(MemberStatus::Active) {
            return Ok(Some("Whose records they are acts again, and keeps the others."));
        }
        if status(tx, self.to).await? != Some(MemberStatus::Active) {
            return Ok(Some("Who was to get the records may not act any more."));
        }
        Ok(None)
    }

    /// Writes down how far it is; in the transaction of what was handed over.
    ///
    /// # Errors
    /// What the database said.
    pub async fn write(&self, tx: &mut Tx<'_>, now: Timestamp) -> Result<()> {
        let Some(row) = hand_overs::find(tx, self.id).await? else { return Ok(()) };
        let row = HandOverRow {
            state: self.state,
            handed_over: self.handed_over,
            left_over: self.left_over,
            has_hidden: self.has_hidden,
            place: self.place.clone(),
            problem: self.problem.clone(),
            ended_at: (self.state != HandOverState::Running).then_some(now),
            ..row
        };
        hand_overs::update(tx, &row).await
    }
}

impl Identity {
    /// Whoever asked for a hand-over, as they may act by now; and nobody where there is none of this id.
    ///
    /// # Errors
    /// [`Error::MemberInactive`] where they may not act any more.
    pub async fn hand_over_caller(&self, caller: &Caller, id: Uuid) -> Result<Option<Caller>> {
        let workspace = caller.workspace;
        let asked: Option<Option<MemberId>> = self
            .namespace(workspace)
            .await?
            .read((), move |tx, ()| Box::pin(hand_overs::asked_by(tx, id)))
            .await?;
        match asked {
            None => Ok(None),
            Some(None) => Ok(Some(Caller::system(workspace))),
            Some(Some(member)) => self.caller_of_member(workspace, member).await.map(Some),
        }
    }
}
