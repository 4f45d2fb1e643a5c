//! The embedded migrations, and how a namespace gets them: all that are missing, in one transaction.
//!
//! A namespace whose migrations are newer than this program's, or differ from them, stays closed.

use include_dir::{Dir, include_dir};
use kontor_core::{ids::WorkspaceId, text::hex, time::Timestamp};
use sea_query::{ColumnDef, Order, Query, Table};
use sha2::{Digest as _, Sha256};

use crate::{Dialect, Error, Tx};

static FILES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../migrations");

/// Which kind of namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Set {
    Directory,
    Workspace,
}

/// A namespace that is brought up to date.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    /// The workspace it belongs to; none for the directory.
    pub(crate) id: Option<WorkspaceId>,
    /// Where it lies, in words.
    pub(crate) place: String,
    /// It holds data, and is not to be made anew where it does not.
    pub(crate) is_expected: bool,
}

impl Subject {
    /// What it is called in messages.
    fn name(&self) -> String {
        self.id.map_or_else(|| "the directory".to_owned(), |id| format!("workspace {id}"))
    }

    pub(crate) fn set(&self) -> Set {
        if self.id.is_some() { Set::Workspace } else { Set::Directory }
    }

    /// That it is not there, or not as it should be.
    pub(crate) fn missing(&self, how: impl Into<String>) -> Error {
        Error::Missing { what: self.name(), how: how.into(), place: self.place.clone() }
    }
}

/// One step of a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Migration {
    pub(crate) version: i64,
    pub(crate) name: String,
    pub(crate) sql: String,
}

impl Migration {
    fn checksum(&self) -> String {
        hex(&Sha256::digest(self.sql.as_bytes()))
    }
}

/// The migrations of a kind of namespace, in order.
pub(crate) fn embedded(dialect: Dialect, set: Set) -> Vec<Migration> {
    let engine = match dialect {
        Dialect::Sqlite => "sqlite",
        Dialect::Postgres => "postgres",
    };
    let set = match set {
        Set::Directory => "directory",
        Set::Workspace => "workspace",
    };
    let files = FILES.get_dir(format!("{engine}/{set}")).into_iter().flat_map(Dir::files);
    let mut migrations: Vec<_> = files
        .filter_map(|file| {
            let (version, name) = file.path().file_name()?.to_str()?.strip_suffix(".sql")?.split_once('_')?;
            let sql = file.contents_utf8()?;
            Some(Migration { version: version.parse().ok()?, name: name.to_owned(), sql: sql.to_owned() })
        })
        .collect();
    migrations.sort_by_key(|migration| migration.version);
    migrations
}

/// Brings a namespace up to date within `alter`.
pub(crate) async fn migrate(
    tx: &mut Tx<'_>,
    subject: &Subject,
    migrations: &[Migration],
    now: Timestamp,
) -> Result<(), Error> {
    let closed = |reason: String, source: Option<Error>| Error::Migration {
        namespace: subject.name(),
        reason,
        source: source.map(Into::into),
    };
    let applied = applied(tx).await?;
    if applied.is_empty() && subject.is_expected {
        return Err(subject.missing("is empty"));
    }
    match compare(&applied, migrations) {
        Standing::Newer(version) => {
            let reason = format!("its migration {version:04} is not known to this program, which is older");
            return Err(closed(reason, None));
        }
        Standing::Different(version) => {
            return Err(closed(format!("migration {version:04} differs from the one it got"), None));
        }
        Standing::Empty | Standing::Current(_) | Standing::Older { .. } => {}
    }
    for migration in migrations {
        if applied.iter().any(|(version, _)| *version == migration.version) {
            continue;
        }
        tx.apply(&migration.sql).await.map_err(|error| {
            closed(format!("migration {:04} ({}) failed", migration.version, migration.name), Some(error))
        })?;
        let statement = Query::insert()
            .into_table(tx.table("schema_migrations"))
            .columns(["version", "name", "checksum", "applied_at"])
            .values_panic([
                migration.version.into(),
                migration.name.as_str().into(),
                migration.checksum().into(),
                now.micros().into(),
            ])
            .take();
        tx.execute(&statement).await?;
    }
    match subject.id {
        Some(id) => claim(tx, subject, id).await,
        None => Ok(()),
    }
}

/// Notes in a workspace whose it is, or refuses one that is another's: a file that was put in the wrong place.
async fn claim(tx: &mut Tx<'_>, subject: &Subject, id: WorkspaceId) -> Result<(), Error> {
    match owner(tx).await? {
        Some(owner) if owner == id => Ok(()),
        Some(owner) => Err(subject.missing(format!("is not there: in its place lies workspace {owner}"))),
        None => {
            let statement = Query::insert()
                .into_table(tx.table("namespace"))
                .columns(["workspace_id"])
                .values_panic([id.as_uuid().into()])
                .take();
            tx.execute(&statement).await.map(drop)
        }
    }
}

/// The workspace whose data this is, as far as it was noted.
pub(crate) async fn owner(tx: &mut Tx<'_>) -> Result<Option<WorkspaceId>, Error> {
    let statement = Query::select().column("workspace_id").from(tx.table("namespace")).limit(1).take();
    let row = tx.fetch_optional(&statement).await?;
    row.map(|row| row.get(0)).transpose()
}

/// How a namespace's schema stands to this program, by the number of a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Current(i64),
    /// It has none at all.
    Empty,
    /// It lacks migrations.
    Older {
        version: i64,
        newest: i64,
    },
    /// It has one that this program does not know.
    Newer(i64),
    /// It has another of the same number.
    Different(i64),
}

/// How a namespace stands, which is only read.
pub(crate) async fn standing(tx: &mut Tx<'_>, migrations: &[Migration]) -> Result<Standing, Error> {
    match recorded(tx).await {
        Ok(applied) => Ok(compare(&applied, migrations)),
        // The table of migrations is the first thing that a namespace gets.
        Err(Error::Statement { .. }) => Ok(Standing::Empty),
        Err(error) => Err(error),
    }
}

fn compare(applied: &[(i64, String)], migrations: &[Migration]) -> Standing {
    for (version, checksum) in applied {
        match migrations.iter().find(|migration| migration.version == *version) {
            None => return Standing::Newer(*version),
            Some(migration) if migration.checksum() != *checksum => return Standing::Different(*version),
            Some(_) => {}
        }
    }
    let Some(&(version, _)) = applied.last() else { return Standing::Empty };
    match migrations.last().map(|migration| migration.version) {
        Some(newest) if applied.len() < migrations.len() => Standing::Older { version, newest },
        _ => Standing::Current(version),
    }
}

/// The versions a namespace has, with their checksums.
async fn applied(tx: &mut Tx<'_>) -> Result<Vec<(i64, String)>, Error> {
    let mut table = Table::create();
    table
        .table(tx.table("schema_migrations"))
        .if_not_exists()
        .col(ColumnDef::new("version").big_integer().not_null().primary_key())
        .col(ColumnDef::new("name").text().not_null())
        .col(ColumnDef::new("checksum").text().not_null())
        .col(ColumnDef::new("applied_at").big_integer().not_null());
    let sql = match tx.dialect() {
        Dialect::Sqlite => table.to_string(sea_query::SqliteQueryBuilder),
        Dialect::Postgres => table.to_string(sea_query::PostgresQueryBuilder),
    };
    tx.apply(&sql).await?;
    recorded(tx).await
}

async fn recorded(tx: &mut Tx<'_>) -> Result<Vec<(i64, String)>, Error> {
    let statement = Query::select()
        .columns(["version", "checksum"])
        .from(tx.table("schema_migrations"))
        .order_by("version", Order::Asc)
        .take();
    let rows = tx.fetch_all(&statement).await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_told_from_older_newer_and_different_ones() {
        let migration = |version: i64, sql: &str| Migration { version, name: "m".into(), sql: sql.into() };
        let known = [migration(0, "a"), migration(1, "b")];
        let applied = |migrations: &[Migration]| -> Vec<_> {
            migrations.iter().map(|migration| (migration.version, migration.checksum())).collect()
        };
        assert_eq!(compare(&applied(&known), &known), Standing::Current(1));
        assert_eq!(compare(&applied(&known[..1]), &known), Standing::Older { version: 0, newest: 1 });
        assert_eq!(compare(&[], &known), Standing::Empty);
        let newer = [migration(0, "a"), migration(1, "b"), migration(2, "c")];
        assert_eq!(compare(&applied(&newer), &known), Standing::Newer(2));
        let different = [migration(0, "a"), migration(1, "another")];
        assert_eq!(compare(&applied(&different), &known), Standing::Different(1));
    }

    #[test]
    fn both_engines_have_the_same_migrations() {
        for set in [Set::Directory, Set::Workspace] {
            let names = |dialect| -> Vec<_> {
                embedded(dialect, set)
                    .into_iter()
                    .map(|migration| (migration.version, migration.name))
                    .collect()
            };
            assert_eq!(names(Dialect::Sqlite), names(Dialect::Postgres), "{set:?}");
        }
    }

    #[test]
    fn every_file_is_a_numbered_migration() {
        for engine in ["sqlite", "postgres"] {
            for (name, set) in [("directory", Set::Directory), ("workspace", Set::Workspace)] {
                let dialect = if engine == "sqlite" { Dialect::Sqlite } else { Dialect::Postgres };
                let files = FILES.get_dir(format!("{engine}/{name}")).map_or(0, |dir| dir.files().count());
                let migrations = embedded(dialect, set);
                assert_eq!(files, migrations.len(), "{engine}/{name}");
                assert!(migrations.windows(2).all(|pair| pair[0].version < pair[1].version));
            }
        }
    }
}
