//! Roles: what members and agents may do, and the standard ones that every workspace begins with.

mod admins;
mod change;
mod check;
mod holders;

use kontor_core::{
    actor::Actor,
    caller::Caller,
    grants::{Action, Grants, ObjectGrant, Permission},
    ids::RoleId,
    metadata::Name,
    text,
    time::Timestamp,
};
use kontor_store::Tx;
use serde::Serialize;

use crate::{Error, Result, rows::roles};

pub(crate) use self::admins::check_admin_remains;
pub use self::{
    change::{NewRole, RoleChanges},
    holders::{NamedMember, RoleHolders},
};

/// A named set of grants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Role {
    pub name: String,
    pub label: String,
    pub description: String,
    pub grants: Grants,
    /// Installed with every workspace.
    pub is_standard: bool,
    /// Whether it can be changed: that of admins allows everything and stays as it is.
    pub is_fixed: bool,
    /// Counts its changes; a change that expects another is refused.
    pub version: i64,
    /// Who changed it last; null where nobody has.
    pub changed_by: Option<Actor>,
    pub changed_at: Option<Timestamp>,
}

impl Role {
    fn standard(name: &str, description: &str, grants: Grants) -> Self {
        // Members are records to be read; they change through the membership alone.
        let grants = grants.with_object(Name::literal("member"), ObjectGrant::of([Action::Read]));
        Self {
            name: name.to_owned(),
            label: name.to_owned(),
            description: description.to_owned(),
            grants,
            is_standard: true,
            is_fixed: name == ADMIN,
            version: 1,
            changed_by: None,
            changed_at: None,
        }
    }

    pub(crate) fn is_named(&self, name: &str) -> bool {
        is_same_role(&self.name, name)
    }
}

/// Whether two names are of one role: they are compared without case.
pub fn is_same_role(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

/// A role as somebody is told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct ToldRole {
    pub name: String,
    pub label: String,
    pub description: String,
    /// What it allows; left out for those who may give roles and not change them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grants: Option<Grants>,
    /// Installed with every workspace.
    pub is_standard: bool,
    /// Whether it can be changed: that of admins allows everything and stays as it is.
    pub is_fixed: bool,
    /// Counts its changes; a change that expects another is refused.
    pub version: i64,
    /// Who changed it last; null where nobody has.
    pub changed_by: Option<Actor>,
    pub changed_at: Option<Timestamp>,
}

impl ToldRole {
    fn to(caller: &Caller, role: Role) -> Self {
        let Role { name, label, description, grants, is_standard, is_fixed, version, changed_by, changed_at } =
            role;
        let grants = Some(grants).filter(|_| caller.grants.permits(Permission::Roles));
        Self { name, label, description, grants, is_standard, is_fixed, version, changed_by, changed_at }
    }
}

/// Characters of a name that is looked for, as it is told.
const LONGEST_TOLD: usize = 60;

/// The role of this name, which an address names.
pub(crate) async fn find(tx: &mut Tx<'_>, name: &str) -> Result<(RoleId, Role)> {
    let mut all = roles::all(tx).await?;
    match all.iter().position(|(_, role)| role.is_named(name)) {
        Some(found) => Ok(all.swap_remove(found)),
        None => {
            let near = text::suggestion(name, all.iter().map(|(_, role)| role.name.as_str()));
            Err(Error::RoleNotFound { name: text::excerpt(name, LONGEST_TOLD), near })
        }
    }
}

/// The role of this name, which stands in what was sent.
pub(crate) async fn named(tx: &mut Tx<'_>, name: &str) -> Result<(RoleId, Role)> {
    find(tx, name).await.map_err(|error| match error {
        Error::RoleNotFound { name, near } => Error::UnknownRole { name, near },
        other => other,
    })
}

/// The same, which whoever has these grants may give to others: it allows nothing beyond them.
pub(crate) async fn named_to_give(tx: &mut Tx<'_>, name: &str, giver: &Grants) -> Result<(RoleId, Role)> {
    let role = named(tx, name).await?;
    if role.1.grants.is_within(giver) { Ok(role) } else { Err(Error::RoleBeyondCaller { name: role.1.name }) }
}

/// The role of whoever makes a workspace.
pub(crate) const ADMIN: &str = "Admin";

/// The names of the roles that a new workspace has.
pub fn standard_names() -> Vec<String> {
    standard().into_iter().map(|role| role.name).collect()
}

/// Admin, Member and Viewer.
pub(crate) fn standard() -> Vec<Role> {
    use Action::{Create, Delete, Read, Restore, Update};
    vec![
        Role::standard(
            ADMIN,
            "May do everything: all records, and the workspace itself.",
            Grants::everything(),
        ),
        Role::standard(
            "Member",
            "May read and change all records, but not remove them for good.",
            Grants::on_every_object([Read, Create, Update, Delete, Restore]),
        ),
        Role::standard("Viewer", "May read all records and change nothing.", Grants::on_every_object([Read])),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_standard_role_grants_what_it_says() {
        let roles = standard();
        let [admin, member, viewer] = roles.as_slice() else { panic!("three roles") };
        assert!(Action::ALL.iter().all(|action| admin.grants.allows("deal", *action)));
        assert!(Permission::ALL.iter().all(|permission| admin.grants.permits(*permission)));
        assert!(member.grants.allows("deal", Action::Update));
        assert!(!member.grants.allows("deal", Action::Destroy));
        assert!(!member.grants.permits(Permission::DataModel));
        assert!(viewer.grants.allows("deal", Action::Read));
        assert!(Action::ALL[1..].iter().all(|action| !viewer.grants.allows("deal", *action)));
        assert!(roles.iter().all(|role| !role.grants.allows("member", Action::Update)));
    }

    #[test]
    fn grants_survive_their_json_form() {
        for role in standard() {
            let json = serde_json::to_string(&role.grants).unwrap();
            assert_eq!(serde_json::from_str::<Grants>(&json).unwrap(), role.grants);
        }
    }
}
