//! Which sessions a caller may read, and what of them.

use kontor_core::{
    caller::Caller,
    grants::Permission,
    ids::{MemberId, SessionId, TurnId},
    scope::CHAT,
};
use kontor_store::{Namespace, Tx};
use uuid::Uuid;

use crate::{
    engine::Agents,
    error::Error,
    rows::{
        sessions::{self, SessionRow},
        shares,
        turns::{self, TurnRow},
    },
    stored::Access,
    veil::Veil,
};

/// Sessions belong to members.
pub(crate) fn member_of(caller: &Caller) -> Result<MemberId, Error> {
    caller.member().ok_or(Error::NotAMember)
}

/// The permission to see what agents do for others.
pub(crate) fn require_conversations(caller: &Caller) -> Result<(), Error> {
    Ok(caller.require(Permission::Conversations)?)
}

/// That a caller may chat at all: in person, or as software that was let talk to agents, by a token of all that it was
/// let do, under which its turns go on.
pub(crate) fn require_chat(caller: &Caller) -> Result<(), Error> {
    if caller.scope.is_everything() {
        return Ok(());
    }
    if caller.delegation.is_none() {
        return Err(Error::NotAMember);
    }
    Ok(caller.scope.require(CHAT)?)
}

/// That software sees of a member's chats those that it began, and nothing that was said in others.
pub(crate) async fn require_own_chat(
    tx: &mut Tx<'_>,
    delegation: Option<Uuid>,
    session: SessionId,
) -> Result<(), Error> {
    match delegation {
        Some(delegation) if turns::has_others(tx, session, delegation).await? => {
            Err(Error::SessionNotFound(session))
        }
        _ => Ok(()),
    }
}

/// A session that a member may read.
pub(crate) async fn readable(
    tx: &mut Tx<'_>,
    session: SessionId,
    member: MemberId,
) -> Result<(SessionRow, Access), Error> {
    shares::reach(tx, session, member).await?.ok_or(Error::SessionNotFound(session))
}

/// A session that is a member's own: what others may read of it they may not change.
pub(crate) async fn own(tx: &mut Tx<'_>, session: SessionId, member: MemberId) -> Result<SessionRow, Error> {
    match readable(tx, session, member).await? {
        (row, Access::Owner) => Ok(row),
        _ => Err(Error::NotTheirSession),
    }
}

/// What a member is shown of a session's log.
pub(crate) async fn veil(tx: &mut Tx<'_>, row: &SessionRow, member: MemberId) -> Result<Veil, Error> {
    let others = match row.is_shared || row.member != member {
        true => shares::turns_of_others(tx, row.id, member).await?,
        false => Default::default(),
    };
    Ok(Veil::new(member, row.member, others))
}

/// A turn of a session that a member may read, with that session.
pub(crate) async fn readable_turn(
    tx: &mut Tx<'_>,
    turn: TurnId,
    member: MemberId,
) -> Result<(TurnRow, SessionRow, Access), Error> {
    let row = turns::by_id(tx, turn).await?.ok_or(Error::TurnNotFound(turn))?;
    match shares::reach(tx, row.session, member).await? {
        Some((session, access)) => Ok((row, session, access)),
        None => Err(Error::TurnNotFound(turn)),
    }
}

/// A turn that anybody may look into who sees what agents do for others.
pub(crate) async fn any_turn(tx: &mut Tx<'_>, turn: TurnId) -> Result<(TurnRow, SessionRow), Error> {
    let row = turns::by_id(tx, turn).await?.ok_or(Error::TurnNotFound(turn))?;
    let session = sessions::present(tx, row.session).await?.ok_or(Error::TurnNotFound(turn))?;
    Ok((row, session))
}

impl Agents {
    /// A session that the caller may read, where it is, and what they are shown of it.
    pub(crate) async fn reach(
        &self,
        caller: &Caller,
        session: SessionId,
    ) -> Result<(Namespace, SessionRow, Veil), Error> {
        let member = member_of(caller)?;
        require_chat(caller)?;
        let namespace = self.namespace(caller.workspace).await?;
        let (row, veil) = namespace
            .read((session, member, caller.delegation), |tx, &(session, member, delegation)| {
                Box::pin(async move {
                    let (row, _) = readable(tx, session, member).await?;
                    require_own_chat(tx, delegation, session).await?;
                    let veil = veil(tx, &row, member).await?;
                    Ok::<_, Error>((row, veil))
                })
            })
            .await?;
        Ok((namespace, row, veil))
    }
}
