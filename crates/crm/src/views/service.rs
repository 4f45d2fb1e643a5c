//! Views as they are listed, made, changed and deleted.

use std::sync::Arc;

use kontor_core::{caller::Caller, error::Issue, grants::Permission, ids::ViewId, metadata::Object};
use kontor_store::AuditEntry;
use serde_json::{Map, Value as Json, json};

use super::{
    NewView, View, ViewChanges, ViewType, Visibility,
    check::{self, read_columns, read_order},
    rows::{self, ViewRow},
};
use crate::{Crm, Error, Work};

/// The most views of one object that one member owns.
const MOST: usize = 100;

impl Crm {
    /// The views that the caller may see, of one object or of all.
    ///
    /// # Errors
    /// There is no object of this name or plural for the caller.
    pub async fn views(&self, caller: &Caller, object: Option<&str>) -> Result<Vec<View>, Error> {
        self.read(caller, object.map(str::to_owned), |work, object| Box::pin(list(work, object.as_deref())))
            .await
    }

    /// A view with its object.
    ///
    /// # Errors
    /// [`Error::ViewNotFound`] also where it is another's private one, or about what the caller may not read.
    pub async fn view(&self, caller: &Caller, id: ViewId) -> Result<(Arc<Object>, View), Error> {
        self.read(caller, id, |work, &id| Box::pin(find(work, id))).await
    }

    /// Makes a view, which is the caller's own.
    ///
    /// # Errors
    /// [`Error::Invalid`] with all that is wrong.
    pub async fn create_view(&self, caller: &Caller, new: NewView) -> Result<View, Error> {
        self.write(caller, new, |work, new| Box::pin(create(work, new))).await
    }

    /// Changes a view of the caller's own, or one of the workspace's under the permission `settings`.
    ///
    /// # Errors
    /// As [`Crm::view`] and [`Crm::create_view`]; [`Error::NotPermitted`]; [`Error::StaleView`] where somebody was
    /// faster.
    pub async fn change_view(
        &self,
        caller: &Caller,
        id: ViewId,
        changes: ViewChanges,
    ) -> Result<View, Error> {
        self.write(caller, changes, move |work, changes| Box::pin(change(work, id, changes))).await
    }

    /// Deletes a view for good, as it may be changed.
    ///
    /// # Errors
    /// As [`Crm::change_view`].
    pub async fn delete_view(&self, caller: &Caller, id: ViewId, version: Option<i64>) -> Result<(), Error> {
        self.write(caller, version, move |work, &version| Box::pin(delete(work, id, version))).await
    }
}

async fn list(work: &mut Work<'_, '_>, object: Option<&str>) -> Result<Vec<View>, Error> {
    let object = object.map(|name| known(work, name)).transpose()?;
    let rows = rows::all(work.tx, object.as_ref().map(|object| object.name.as_str())).await?;
    Ok(rows.into_iter().filter_map(|row| check::seen(work, row)).map(|(_, view)| view).collect())
}

pub(super) async fn find(work: &mut Work<'_, '_>, id: ViewId) -> Result<(Arc<Object>, View), Error> {
    let row = rows::find(work.tx, id).await?;
    row.and_then(|row| check::seen(work, row)).ok_or(Error::ViewNotFound(id))
}

/// The object of this name or plural that the caller may read, named in a request rather than in its address.
fn known(work: &Work<'_, '_>, name: &str) -> Result<Arc<Object>, Error> {
    let grants = &work.caller.grants;
    grants.readable_object(work.schema, name).cloned().ok_or_else(|| {
        let message = match Error::unknown_object(name, work.schema, grants) {
            Error::UnknownObject { name, near } => format!("there is no object {name:?}.{near}"),
            other => other.to_string(),
        };
        Error::invalid(Issue::new("object", "unknown_object", message))
    })
}

async fn create(work: &mut Work<'_, '_>, new: &NewView) -> Result<View, Error> {
    let object = known(work, &new.object)?;
    let others = rows::all(work.tx, Some(object.name.as_str())).await?;
    let owner = work.caller.member();
    if others.iter().filter(|row| row.owner == owner).count() >= MOST {
        let message = format!("you have {MOST} views of this object already; delete one first");
        return Err(Error::invalid(Issue::new("", "too_many", message)));
    }
    let mut issues = Vec::new();
    let actor = work.caller.actor();
    let last = others.last().map_or(0, |row| row.position);
    let row = ViewRow {
        id: work.environment.new_id(),
        object: object.name.to_string(),
        name: new.name.trim().to_owned(),
        kind: new.kind.unwrap_or(ViewType::Table),
        group_by: new.group_by.clone(),
        filter: new.filter.clone(),
        sort: read(new.sort.as_ref(), read_order, &mut issues),
        columns: read(new.columns.as_ref(), read_columns, &mut issues),
        visibility: new.visibility.unwrap_or(Visibility::Private),
        icon: new.icon.clone().unwrap_or_default(),
        position: new.position.unwrap_or(last.saturating_add(1)),
        owner,
        created_by: actor.clone(),
        updated_by: actor,
        version: 1,
        created_at: work.now,
        updated_at: work.now,
    };
    checked(work, &object, &row, issues)?;
    rows::insert(work.tx, &row).await?;
    audit(work, "view.created", None, Some(&row)).await?;
    told(work, row)
}

async fn change(work: &mut Work<'_, '_>, id: ViewId, changes: &ViewChanges) -> Result<View, Error> {
    let (object, before) = changeable(work, id, changes.version).await?;
    let mut issues = Vec::new();
    let mut row = before.clone();
    if let Some(name) = &changes.name {
        name.trim().clone_into(&mut row.name);
    }
    row.kind = changes.kind.unwrap_or(row.kind);
    if let Some(group_by) = &changes.group_by {
        row.group_by.clone_from(group_by);
    }
    if let Some(filter) = &changes.filter {
        row.filter.clone_from(filter);
    }
    if let Some(sort) = &changes.sort {
        row.sort = read(sort.as_ref(), read_order, &mut issues);
    }
    if let Some(columns) = &changes.columns {
        row.columns = read(columns.as_ref(), read_columns, &mut issues);
    }
    row.visibility = changes.visibility.unwrap_or(row.visibility);
    if let Some(icon) = &changes.icon {
        row.icon.clone_from(icon);
    }
    row.position = changes.position.unwrap_or(row.position);
    // What another hides from the caller stays as it is.
    let is_left = |path: &str| {
        path.starts_with("sort") && changes.sort.is_none()
            || path.starts_with("columns") && changes.columns.is_none()
    };
    if row.visibility == Visibility::Private && row.owner != work.caller.member() {
        let message = "a view of another stays the workspace's; its owner alone makes it private";
        issues.push(Issue::new("visibility", "not_yours", message));
    }
    let found = check::issues(work, &object, &row).into_iter().filter(|issue| !is_left(&issue.path));
    issues.extend(found);
    if !issues.is_empty() {
        return Err(Error::Invalid(issues));
    }
    if row == before {
        return told(work, row);
    }
    row.version += 1;
    row.updated_at = work.now;
    row.updated_by = work.caller.actor();
    if !rows::update(work.tx, &row).await? {
        return Err(stale(&before));
    }
    audit(work, "view.updated", Some(&before), Some(&row)).await?;
    told(work, row)
}

async fn delete(work: &mut Work<'_, '_>, id: ViewId, version: Option<i64>) -> Result<(), Error> {
    let (_, row) = changeable(work, id, version).await?;
    rows::delete(work.tx, id).await?;
    audit(work, "view.deleted", Some(&row), None).await
}

/// A view as it is stored, which the caller may change and knows at this version.
async fn changeable(
    work: &mut Work<'_, '_>,
    id: ViewId,
    version: Option<i64>,
) -> Result<(Arc<Object>, ViewRow), Error> {
    let row = rows::find(work.tx, id).await?.ok_or(Error::ViewNotFound(id))?;
    let (object, view) = check::seen(work, row.clone()).ok_or(Error::ViewNotFound(id))?;
    if !view.can_update {
        work.caller.require(Permission::Settings)?;
    }
    if version.is_some_and(|version| version != row.version) {
        return Err(stale(&row));
    }
    Ok((object, row))
}

fn stale(row: &ViewRow) -> Error {
    Error::StaleView { current: row.version, by: row.updated_by.to_string() }
}

/// What is given as JSON, where something is.
fn read<T>(
    json: Option<&Json>,
    reader: fn(&Json) -> Result<T, Vec<Issue>>,
    issues: &mut Vec<Issue>,
) -> Option<T> {
    match reader(json?) {
        Ok(read) => Some(read),
        Err(wrong) => {
            issues.extend(wrong);
            None
        }
    }
}

fn checked(work: &Work<'_, '_>, object: &Object, row: &ViewRow, mut issues: Vec<Issue>) -> Result<(), Error> {
    issues.extend(check::issues(work, object, row));
    if issues.is_empty() { Ok(()) } else { Err(Error::Invalid(issues)) }
}

/// The view as its writer sees it.
fn told(work: &Work<'_, '_>, row: ViewRow) -> Result<View, Error> {
    let id = row.id;
    check::seen(work, row).map(|(_, view)| view).ok_or(Error::ViewNotFound(id))
}

/// Writes down what became of a view that the workspace has or had; a member's own views are theirs.
async fn audit(
    work: &mut Work<'_, '_>,
    action: &'static str,
    before: Option<&ViewRow>,
    after: Option<&ViewRow>,
) -> Result<(), Error> {
    let is_shared = |row: &&ViewRow| row.visibility == Visibility::Workspace;
    let Some(shared) = after.filter(is_shared).or(before.filter(is_shared)) else { return Ok(()) };
    let facts = |row: Option<&ViewRow>| row.map(facts).unwrap_or_default();
    let (before, after) = (facts(before), facts(after));
    let names = after.keys().chain(before.keys().filter(|name| !after.contains_key(*name)));
    let changed = names
        .filter(|name| before.get(*name) != after.get(*name))
        .map(|name| (name.clone(), json!({ "before": before.get(name), "after": after.get(name) })));
    let changes: Map<String, Json> = changed.collect();
    let details = json!({ "name": shared.name, "object": shared.object, "changes": changes });
    let entry = AuditEntry::new(action, format!("view:{}", shared.id), details);
    work.tx.audit(work.environment, work.now, &work.caller.actor(), entry).await?;
    Ok(())
}

/// What can be changed of a view, without what is empty.
fn facts(row: &ViewRow) -> Map<String, Json> {
    let all = json!({
        "name": row.name,
        "type": row.kind,
        "group_by": row.group_by,
        "filter": row.filter,
        "sort": row.sort,
        "columns": row.columns,
        "visibility": row.visibility,
        "icon": row.icon,
        "position": row.position,
    });
    let map = all.as_object().cloned().unwrap_or_default();
    map.into_iter().filter(|(_, value)| !value.is_null()).collect()
}
