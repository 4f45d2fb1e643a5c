//! That somebody may always manage who may do what.

use kontor_core::grants::{Grants, Permission};
use kontor_store::Tx;

use crate::{Error, MemberStatus, Result, rows};

/// Whether whoever has these grants can give the others theirs back.
pub(super) fn manages(grants: &Grants) -> bool {
    grants.permits(Permission::Members) && grants.permits(Permission::Roles)
}

/// Refuses a change, made before it in the same transaction, after which no active member may manage members and
/// roles any more. Of two such changes at one time one waits for the other, and sees what came of it.
///
/// # Errors
/// [`Error::LastAdmin`].
pub(crate) async fn check_admin_remains(tx: &mut Tx<'_>) -> Result<()> {
    rows::roles::stand_in_line(tx).await?;
    let managing: Vec<_> =
        rows::roles::all(tx).await?.into_iter().filter(|(_, role)| manages(&role.grants)).collect();
    let is_one = |role: &str| managing.iter().any(|(_, managing)| managing.name == role);
    let members = rows::members::all(tx).await?;
    let remains = members.iter().any(|member| member.status == MemberStatus::Active && is_one(&member.role));
    if remains { Ok(()) } else { Err(Error::LastAdmin) }
}
