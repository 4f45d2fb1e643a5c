//! Datasets of a workspace: written, changed, removed.

use kontor_core::{
    actor::Actor, caller::Caller, environment::Environment, grants::Permission, ids::WorkspaceId,
    time::Timestamp,
};
use kontor_store::{AuditEntry, Tx};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::{
    DatasetChanges, Error, Evaluations, NewDataset,
    rows::datasets::{self as rows, DatasetRow, TextRow, VersionRow},
    sources::ReadDataset,
};
use crate::dataset::{Dataset, names::Known};

/// Datasets of a workspace.
const MOST: usize = 500;

/// A dataset as it is listed.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DatasetSummary {
    pub name: String,
    pub description: String,
    pub tags: Vec<String>,
    /// How many cases it has.
    pub case_count: i64,
    /// Counted from 1 with each change.
    pub version: i64,
    /// Of what it says, whatever its form.
    pub digest: String,
    pub created_by: Actor,
    pub created_at: Timestamp,
    pub updated_by: Actor,
    pub updated_at: Timestamp,
}

/// A dataset with all that it says.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DatasetView {
    pub case_count: i64,
    pub version: i64,
    pub digest: String,
    pub created_by: Actor,
    pub created_at: Timestamp,
    pub updated_by: Actor,
    pub updated_at: Timestamp,
    /// Its text as it was sent; of one that was sent as JSON, that.
    pub source: String,
    /// Whether it was sent as JSON rather than as the text of a file.
    pub is_json: bool,
    #[serde(flatten)]
    pub content: Dataset,
}

/// A dataset with its present version.
type Found = (DatasetRow, VersionRow);

impl DatasetSummary {
    fn of((dataset, version): Found) -> Self {
        Self {
            name: dataset.name,
            description: version.description,
            tags: version.tags,
            case_count: version.cases,
            version: version.version,
            digest: version.digest,
            created_by: dataset.created_by,
            created_at: dataset.created_at,
            updated_by: version.made_by,
            updated_at: version.made_at,
        }
    }
}

impl DatasetView {
    fn of((dataset, version): Found, text: TextRow) -> Self {
        Self {
            case_count: version.cases,
            version: version.version,
            digest: version.digest,
            created_by: dataset.created_by,
            created_at: dataset.created_at,
            updated_by: version.made_by,
            updated_at: version.made_at,
            source: text.source,
            is_json: version.is_json,
            content: text.content,
        }
    }
}

/// Who changes a dataset, and when.
struct Edit {
    environment: Environment,
    actor: Actor,
    now: Timestamp,
    read: ReadDataset,
}

impl Evaluations {
    /// The workspace's datasets, by name.
    ///
    /// # Errors
    /// Without the permission `evaluations`.
    pub async fn datasets(&self, caller: &Caller) -> Result<Vec<DatasetSummary>, Error> {
        caller.require(Permission::Evaluations)?;
        let namespace = self.namespace(caller.workspace).await?;
        let found: Vec<Found> = namespace.read((), |tx, ()| Box::pin(rows::list(tx))).await?;
        Ok(found.into_iter().map(DatasetSummary::of).collect())
    }

    /// One of them.
    ///
    /// # Errors
    /// Without the permission `evaluations`; [`Error::DatasetNotFound`].
    pub async fn dataset(&self, caller: &Caller, name: &str) -> Result<DatasetView, Error> {
        caller.require(Permission::Evaluations)?;
        let namespace = self.namespace(caller.workspace).await?;
        let (found, text) = namespace
            .read(name.to_owned(), |tx, name| Box::pin(async move { present(tx, name).await }))
            .await?;
        Ok::<_, Error>(DatasetView::of(found, text))
    }

    /// Adds a dataset.
    ///
    /// # Errors
    /// Without the permission `evaluations`; all that is wrong with it; [`Error::DatasetExists`].
    pub async fn add_dataset(&self, caller: &Caller, new: NewDataset) -> Result<DatasetView, Error> {
        caller.require(Permission::Evaluations)?;
        let known = self.known(caller.workspace).await?;
        let name = new.name.clone();
        let edit = self.edit(caller, new.read(&known)?);
        let id = self.0.environment.new_id();
        let namespace = self.namespace(caller.workspace).await?;
        let added = namespace
            .write((edit, id), |tx, (edit, id)| {
                Box::pin(async move {
                    let name = &edit.read.text.content.name;
                    if rows::list(tx).await?.len() >= MOST {
                        let told = format!("a workspace has at most {MOST} datasets");
                        return Err(Error::invalid("name", "too_many", told));
                    }
                    if rows::find(tx, name).await?.is_some() {
                        return Err(Error::DatasetExists(name.clone()));
                    }
                    let row = DatasetRow {
                        id: *id,
                        name: name.clone(),
                        version: 1,
                        created_by: edit.actor.clone(),
                        created_at: edit.now,
                    };
                    tx.insert(&row).await?;
                    edit.write(tx, row, "dataset.added", None).await
                })
            })
            .await;
        added.map_err(|error| taken(error, &name))
    }

    /// Changes a dataset, which is its next version. With `is_whole`, members that are absent are gone.
    ///
    /// # Errors
    /// Without the permission `evaluations`; all that is wrong with it; [`Error::DatasetNotFound`];
    /// [`Error::DatasetChanged`] where somebody was faster; [`Error::DatasetExists`] where the new name is taken.
    pub async fn change_dataset(
        &self,
        caller: &Caller,
        name: &str,
        changes: DatasetChanges,
        is_whole: bool,
    ) -> Result<DatasetView, Error> {
        caller.require(Permission::Evaluations)?;
        let known = self.known(caller.workspace).await?;
        let before = self.dataset(caller, name).await?;
        let made_of = changes.version.unwrap_or(before.version);
        if made_of > before.version || made_of < 1 {
            let problem = kontor_agents::Error::UnknownVersion {
                path: "version",
                version: made_of,
                latest: before.version,
            };
            return Err(problem.into());
        }
        let new_name = changes.name.clone().unwrap_or_else(|| name.to_owned());
        let edit = self.edit(caller, changes.read(name, &before.content, is_whole, &known)?);
        let namespace = self.namespace(caller.workspace).await?;
        let changed = namespace
            .write((edit, name.to_owned(), made_of), |tx, (edit, name, made_of)| {
                Box::pin(async move {
                    let (found, _) = present(tx, name).await?;
                    let (row, version) = found;
                    if row.version != *made_of {
                        let by = version.made_by.to_string();
                        return Err(Error::DatasetChanged { version: row.version, by });
                    }
                    if version.digest == edit.read.digest && version.is_json == edit.read.is_json {
                        let text = rows::text(tx, row.id, row.version).await?;
                        let text = text.ok_or_else(|| Error::DatasetNotFound(name.clone()))?;
                        if text.source == edit.read.text.source {
                            return Ok(DatasetView::of((row, version), text));
                        }
                    }
                    let name = &edit.read.text.content.name;
                    let next = DatasetRow { name: name.clone(), version: row.version + 1, ..row };
                    rows::set_version(tx, next.id, name, next.version).await?;
                    edit.write(tx, next, "dataset.changed", Some(&version)).await
                })
            })
            .await;
        changed.map_err(|error| taken(error, &new_name))
    }

    /// Removes a dataset. Runs that were made of it stay.
    ///
    /// # Errors
    /// Without the permission `evaluations`; [`Error::DatasetNotFound`].
    pub async fn remove_dataset(&self, caller: &Caller, name: &str) -> Result<(), Error> {
        caller.require(Permission::Evaluations)?;
        let (environment, actor) = (self.0.environment.clone(), caller.actor());
        let namespace = self.namespace(caller.workspace).await?;
        namespace
            .write((environment, actor, name.to_owned()), |tx, (environment, actor, name)| {
                Box::pin(async move {
                    let ((dataset, version), _) = present(tx, name).await?;
                    rows::remove(tx, dataset.id).await?;
                    let details = json!({"before": told(&version), "after": null});
                    let entry = AuditEntry::new("dataset.removed", format!("dataset:{name}"), details);
                    Ok(tx.audit(environment, environment.now(), actor, entry).await?)
                })
            })
            .await
    }

    /// What a dataset may name: the objects, roles and agents that the workspace has.
    async fn known(&self, workspace: WorkspaceId) -> Result<Known, Error> {
        let source = &self.0.source;
        let roles = source.identity.roles(&Caller::system(workspace)).await?;
        Ok(Known {
            schema: self.0.crm.schema(workspace).await?,
            roles: roles.into_iter().map(|role| role.name).collect(),
            agents: source.agents.agent_names(workspace).await?,
        })
    }

    fn edit(&self, caller: &Caller, read: ReadDataset) -> Edit {
        let environment = self.0.environment.clone();
        Edit { now: environment.now(), environment, actor: caller.actor(), read }
    }
}

impl Edit {
    /// Writes the version that a dataset is at by now.
    async fn write(
        &self,
        tx: &mut Tx<'_>,
        dataset: DatasetRow,
        action: &str,
        before: Option<&VersionRow>,
    ) -> Result<DatasetView, Error> {
        let ReadDataset { text, digest, is_json } = &self.read;
        let cases = i64::try_from(text.content.cases.len()).unwrap_or(i64::MAX);
        let version = VersionRow {
            dataset_id: dataset.id,
            version: dataset.version,
            digest: digest.clone(),
            description: text.content.description.clone(),
            tags: text.content.tags.clone(),
            cases,
            is_json: *is_json,
            made_by: self.actor.clone(),
            made_at: self.now,
        };
        rows::add_version(tx, &version, text).await?;
        let details = json!({"before": before.map(told), "after": told(&version)});
        let entry = AuditEntry::new(action, format!("dataset:{}", dataset.name), details);
        tx.audit(&self.environment, self.now, &self.actor, entry).await?;
        Ok(DatasetView::of((dataset, version), text.clone()))
    }
}

/// A dataset as it is now.
pub(super) async fn present(tx: &mut Tx<'_>, name: &str) -> Result<(Found, TextRow), Error> {
    let unknown = || Error::DatasetNotFound(kontor_core::text::excerpt(name, 60));
    let dataset = rows::find(tx, name).await?.ok_or_else(unknown)?;
    let version = rows::version(tx, dataset.id, dataset.version).await?.ok_or_else(unknown)?;
    let text = rows::text(tx, dataset.id, dataset.version).await?.ok_or_else(unknown)?;
    Ok(((dataset, version), text))
}

/// What the audit tells of a version.
fn told(version: &VersionRow) -> serde_json::Value {
    json!({"version": version.version, "digest": version.digest, "cases": version.cases})
}

/// What is told of a name that another took in the same moment.
fn taken(error: Error, name: &str) -> Error {
    match error {
        Error::Store(kontor_store::Error::UniqueViolation { table, .. }) if table == "eval_datasets" => {
            Error::DatasetExists(name.to_owned())
        }
        other => other,
    }
}
