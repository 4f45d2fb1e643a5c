//! Roles as those manage them who may.

use std::sync::Arc;

use kontor_core::{
    caller::Caller,
    environment::Environment,
    error::{Fault as _, Issue, join_path},
    grants::{Grants, Permission},
    ids::{RoleId, WorkspaceId},
    time::Timestamp,
};
use kontor_store::{AuditEntry, Tx};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::{Role, RoleHolders, ToldRole, admins, check, check_admin_remains, find, named, standard};
use crate::{Error, Identity, Provisioner, Result, rows::roles};

const LONGEST_NAME: usize = 60;
const LONGEST_LABEL: usize = 100;
const LONGEST_DESCRIPTION: usize = 1_000;
/// Roles that a workspace may have.
const MOST: usize = 200;

/// A role to be made: with grants of its own, or with those of another.
#[derive(Debug, Clone, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRole {
    /// By which it is given to members and agents; it stays.
    pub name: String,
    /// What people read; the name where it is left out.
    #[serde(default)]
    pub label: Option<String>,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    #[schemars(with = "Option<Grants>")]
    pub grants: Option<Json>,
    /// The name of the role whose grants it begins with.
    #[serde(default)]
    pub copy_of: Option<String>,
}

/// What of a role is changed; what is absent stays.
#[derive(Debug, Clone, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleChanges {
    #[serde(default)]
    pub label: Option<String>,
    #[serde(default)]
    pub description: Option<String>,
    /// All grants of the role from now on.
    #[serde(default)]
    #[schemars(with = "Option<Grants>")]
    pub grants: Option<Json>,
    /// The version that the change was made for; it is refused where somebody was faster.
    #[serde(default)]
    pub version: Option<i64>,
}

impl Identity {
    /// The roles of the caller's workspace, by name; with what they allow for those who may change that.
    ///
    /// # Errors
    /// [`Error::NotPermitted`] without the permission `roles` or `members`.
    pub async fn roles(&self, caller: &Caller) -> Result<Vec<ToldRole>> {
        require_to_see(caller)?;
        let namespace = self.namespace(caller.workspace).await?;
        let all = namespace.read((), |tx, ()| Box::pin(roles::all(tx))).await?;
        Ok::<_, Error>(all.into_iter().map(|(_, role)| ToldRole::to(caller, role)).collect())
    }

    /// The role of this name, and who has it.
    ///
    /// # Errors
    /// [`Error::NotPermitted`] without the permission `roles` or `members`; [`Error::RoleNotFound`].
    pub async fn role(&self, caller: &Caller, name: &str) -> Result<(ToldRole, RoleHolders)> {
        require_to_see(caller)?;
        let (provisioner, now) = (self.0.provisioner.clone(), self.now());
        let found: Result<(Role, RoleHolders)> = self
            .namespace(caller.workspace)
            .await?
            .read((name.to_owned(), provisioner), move |tx, (name, provisioner)| {
                Box::pin(async move {
                    let found = find(tx, name).await?;
                    let holders = RoleHolders::of(tx, &**provisioner, &found, now).await?;
                    Ok((found.1, holders))
                })
            })
            .await;
        found.map(|(role, holders)| (ToldRole::to(caller, role), holders))
    }

    /// Makes a role that allows nothing beyond what its maker may do.
    ///
    /// # Errors
    /// [`Error::NotPermitted`] without the permission `roles`; [`Error::InvalidRole`] with all that is wrong;
    /// [`Error::RoleExists`], [`Error::RoleBeyondCaller`], [`Error::RoleNotFound`].
    pub async fn create_role(&self, caller: &Caller, new: NewRole) -> Result<Role> {
        caller.require(Permission::Roles)?;
        let (id, edit) = (self.environment().new_id(), self.edit(caller));
        let made: Result<Role> = self
            .namespace(caller.workspace)
            .await?
            .write((edit, new), move |tx, (edit, new)| Box::pin(create(tx, edit, new, id)))
            .await;
        self.forget_roles(caller.workspace);
        made
    }

    /// Changes a role, to allow nothing beyond what the caller may do.
    ///
    /// # Errors
    /// [`Error::NotPermitted`] without the permission `roles`; [`Error::InvalidRole`] with all that is wrong;
    /// [`Error::RoleNotFound`], [`Error::RoleFixed`], [`Error::RoleChanged`], [`Error::RoleBeyondCaller`],
    /// [`Error::LastAdmin`].
    pub async fn change_role(&self, caller: &Caller, name: &str, changes: RoleChanges) -> Result<Role> {
        caller.require(Permission::Roles)?;
        let changed: Result<Role> = self
            .namespace(caller.workspace)
            .await?
            .write((self.edit(caller), name.to_owned(), changes), |tx, (edit, name, changes)| {
                Box::pin(change(tx, edit, name, changes))
            })
            .await;
        self.forget_roles(caller.workspace);
        changed
    }

    /// Gives a standard role the grants back that it was shipped with.
    ///
    /// # Errors
    /// As [`Identity::change_role`]; [`Error::RoleNotStandard`].
    pub async fn reset_role(&self, caller: &Caller, name: &str) -> Result<Role> {
        caller.require(Permission::Roles)?;
        let changed: Result<Role> = self
            .namespace(caller.workspace)
            .await?
            .write((self.edit(caller), name.to_owned()), |tx, (edit, name)| Box::pin(reset(tx, edit, name)))
            .await;
        self.forget_roles(caller.workspace);
        changed
    }

    /// Removes a role that nobody has.
    ///
    /// # Errors
    /// [`Error::NotPermitted`] without the permission `roles`; [`Error::RoleNotFound`], [`Error::RoleStandard`],
    /// [`Error::RoleInUse`], [`Error::RoleBeyondCaller`].
    pub async fn delete_role(&self, caller: &Caller, name: &str) -> Result<()> {
        caller.require(Permission::Roles)?;
        let deleted: Result<()> = self
            .namespace(caller.workspace)
            .await?
            .write((self.edit(caller), name.to_owned()), |tx, (edit, name)| Box::pin(delete(tx, edit, name)))
            .await;
        self.forget_roles(caller.workspace);
        deleted
    }

    /// After a role or who has it was changed: whoever asks next is told what holds now.
    pub(crate) fn forget_roles(&self, workspace: WorkspaceId) {
        self.0.roles.remove_where(|(of, _)| *of == workspace);
        self.0.members.remove_where(|(of, _)| *of == workspace);
        self.0.api_keys.remove_where(|(of, _)| *of == workspace);
    }

    fn edit(&self, caller: &Caller) -> Edit {
        Edit {
            environment: self.environment().clone(),
            provisioner: self.0.provisioner.clone(),
            caller: caller.clone(),
            now: self.now(),
        }
    }
}

/// Who edits, and when.
struct Edit {
    environment: Environment,
    provisioner: Arc<dyn Provisioner>,
    caller: Caller,
    now: Timestamp,
}

impl Edit {
    /// That the editor may do all that a role allows.
    fn require_within(&self, name: &str, grants: &Grants) -> Result<()> {
        if grants.is_within(&self.caller.grants) {
            Ok(())
        } else {
            Err(Error::RoleBeyondCaller { name: name.to_owned() })
        }
    }

    async fn audit(&self, tx: &mut Tx<'_>, action: &'static str, name: &str, details: Json) -> Result<()> {
        let entry = AuditEntry::new(action, format!("role:{name}"), details);
        Ok(tx.audit(&self.environment, self.now, &self.caller.actor(), entry).await?)
    }
}

/// The names of roles are chosen where members are managed, too.
fn require_to_see(caller: &Caller) -> Result<()> {
    if caller.grants.permits(Permission::Members) {
        return Ok(());
    }
    Ok(caller.require(Permission::Roles)?)
}

async fn create(tx: &mut Tx<'_>, edit: &Edit, new: &NewRole, id: RoleId) -> Result<Role> {
    // Of two who make a role of one name at once, one waits for the other.
    roles::stand_in_line(tx).await?;
    let mut issues = Vec::new();
    let name = checked(&mut issues, "name", &new.name, LONGEST_NAME);
    if name.contains(['/', '?', '#', '%', '*']) || name.starts_with('.') {
        let message = "expected a name without the characters / ? # % * and not beginning with a point";
        issues.push(Issue::new("name", "invalid_name", message));
    }
    let label =
        new.label.as_ref().map_or(name.clone(), |label| checked(&mut issues, "label", label, LONGEST_LABEL));
    let mut description = new.description.clone();
    let grants = match (&new.grants, &new.copy_of) {
        (Some(grants), None) => grants_of(tx, edit, grants, &mut issues).await?,
        (None, Some(copied)) => match named(tx, copied).await {
            Ok((_, copied)) => {
                description = description.or(Some(copied.description));
                Some(copied.grants)
            }
            Err(error @ Error::UnknownRole { .. }) => {
                let wrong = error.problem().issues.into_iter();
                issues.extend(wrong.map(|issue| Issue { path: "copy_of".to_owned(), ..issue }));
                None
            }
            Err(other) => return Err(other),
        },
        (Some(_), Some(_)) => {
            let message =
                "a role has grants of its own or those of another, so give one of grants and copy_of";
            issues.push(Issue::new("copy_of", "ambiguous", message));
            None
        }
        (None, None) => {
            issues.push(Issue::new("grants", "required", "give grants, or copy_of with the name of a role"));
            None
        }
    };
    let description = description.unwrap_or_default();
    let description = limited(&mut issues, "description", &description, LONGEST_DESCRIPTION);
    let (Some(grants), true) = (grants, issues.is_empty()) else { return Err(Error::InvalidRole(issues)) };
    edit.require_within(&name, &grants)?;
    let all = roles::all(tx).await?;
    if all.iter().any(|(_, role)| role.is_named(&name)) {
        return Err(Error::RoleExists { name });
    }
    if all.len() >= MOST {
        return Err(Error::TooManyRoles { most: MOST });
    }
    let role = Role {
        name,
        label,
        description,
        grants,
        is_standard: false,
        is_fixed: false,
        version: 1,
        changed_by: Some(edit.caller.actor()),
        changed_at: Some(edit.now),
    };
    roles::insert(tx, id, &role).await?;
    let details = json!({ "label": role.label, "description": role.description, "grants": role.grants, "copy_of": new.copy_of });
    edit.audit(tx, "role.created", &role.name, details).await?;
    Ok(role)
}

async fn change(tx: &mut Tx<'_>, edit: &Edit, name: &str, changes: &RoleChanges) -> Result<Role> {
    let (id, before) = changeable(tx, edit, name).await?;
    Error::unless_known(changes.version, before.version)?;
    if let Some(expected) = changes.version
        && expected != before.version
    {
        let by = before.changed_by.as_ref().map(ToString::to_string);
        return Err(Error::RoleChanged { name: before.name, by, version: before.version });
    }
    let mut issues = Vec::new();
    let mut after = before.clone();
    if let Some(label) = &changes.label {
        after.label = checked(&mut issues, "label", label, LONGEST_LABEL);
    }
    if let Some(description) = &changes.description {
        after.description = limited(&mut issues, "description", description, LONGEST_DESCRIPTION);
    }
    if let Some(json) = &changes.grants
        && let Some(grants) = grants_of(tx, edit, json, &mut issues).await?
    {
        after.grants = grants;
    }
    if !issues.is_empty() {
        return Err(Error::InvalidRole(issues));
    }
    write(tx, edit, id, &before, after, "role.changed").await
}

async fn reset(tx: &mut Tx<'_>, edit: &Edit, name: &str) -> Result<Role> {
    let (id, before) = changeable(tx, edit, name).await?;
    let shipped = standard().into_iter().find(|role| before.is_standard && role.name == before.name);
    let Some(shipped) = shipped else { return Err(Error::RoleNotStandard { name: before.name }) };
    let after = Role {
        label: shipped.label,
        description: shipped.description,
        grants: shipped.grants,
        ..before.clone()
    };
    write(tx, edit, id, &before, after, "role.reset").await
}

async fn delete(tx: &mut Tx<'_>, edit: &Edit, name: &str) -> Result<()> {
    let (id, role) = changeable(tx, edit, name).await?;
    if role.is_standard {
        return Err(Error::RoleStandard { name: role.name });
    }
    let found = (id, role);
    let holders = RoleHolders::of(tx, &*edit.provisioner, &found, edit.now).await?;
    let (id, role) = found;
    if !holders.is_nobody() {
        return Err(Error::RoleInUse { name: role.name, by: Box::new(holders) });
    }
    roles::delete(tx, id).await?;
    let details = json!({ "label": role.label, "description": role.description, "grants": role.grants });
    edit.audit(tx, "role.deleted", &role.name, details).await
}

/// A role that the editor may change, with every other editor waiting.
async fn changeable(tx: &mut Tx<'_>, edit: &Edit, name: &str) -> Result<(RoleId, Role)> {
    roles::stand_in_line(tx).await?;
    let found = find(tx, name).await?;
    if found.1.is_fixed {
        return Err(Error::RoleFixed { name: found.1.name });
    }
    edit.require_within(&found.1.name, &found.1.grants)?;
    Ok(found)
}

async fn write(
    tx: &mut Tx<'_>,
    edit: &Edit,
    id: RoleId,
    before: &Role,
    after: Role,
    action: &'static str,
) -> Result<Role> {
    edit.require_within(&after.name, &after.grants)?;
    if after == *before {
        return Ok(after);
    }
    let after = Role {
        version: before.version + 1,
        changed_by: Some(edit.caller.actor()),
        changed_at: Some(edit.now),
        ..after
    };
    roles::update(tx, id, &after).await?;
    if admins::manages(&before.grants) && !admins::manages(&after.grants) {
        check_admin_remains(tx).await?;
    }
    let told =
        |role: &Role| json!({ "label": role.label, "description": role.description, "grants": role.grants });
    edit.audit(tx, action, &after.name, json!({ "before": told(before), "after": told(&after) })).await?;
    Ok(after)
}

async fn grants_of(
    tx: &mut Tx<'_>,
    edit: &Edit,
    json: &Json,
    issues: &mut Vec<Issue>,
) -> Result<Option<Grants>> {
    let schema = edit.provisioner.schema(tx).await?;
    Ok(match check::grants(json, &schema, &edit.caller.grants) {
        Ok(grants) => Some(grants),
        Err(wrong) => {
            issues.extend(
                wrong.into_iter().map(|issue| Issue { path: join_path("grants", &issue.path), ..issue }),
            );
            None
        }
    })
}

/// A text of one line that is there.
fn checked(issues: &mut Vec<Issue>, path: &str, given: &str, longest: usize) -> String {
    let given = limited(issues, path, given, longest);
    if given.is_empty() {
        issues.push(Issue::new(path, "required", format!("{path} is required")));
    } else if given.chars().any(char::is_control) {
        issues.push(Issue::new(path, "invalid_text", "expected one line"));
    }
    given
}

fn limited(issues: &mut Vec<Issue>, path: &str, given: &str, longest: usize) -> String {
    let given = given.trim();
    if given.contains('\0') || given.chars().count() > longest {
        issues.push(Issue::new(path, "invalid_text", format!("expected at most {longest} characters")));
    }
    given.to_owned()
}
