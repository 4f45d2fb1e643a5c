//! Looking at the data as it is: nothing is made, migrated or changed.

use std::{collections::BTreeSet, path::Path};

use futures::{FutureExt as _, future::BoxFuture};
use kontor_core::{environment::Environment, error::Chain, ids::WorkspaceId};
use tokio_util::task::TaskTracker;

use crate::{
    Dialect, Error, Namespace, StoreConfig, Tx,
    commits::Commits,
    folder,
    migrations::{self, Migration, Standing, Subject},
    namespace::Engine,
    postgres, sqlite,
    store::{DIRECTORY_SCHEMA, blocking},
    tx::{Connection, Mode, Scope},
};

/// How closely the data is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// The versions of the schemas.
    Schema,
    /// Whether the files are sound as well, which reads them whole.
    Files,
}

/// What was found about one part of the data.
#[derive(Debug)]
pub struct Check {
    /// Which part: `directory` or `workspace <id>`.
    pub name: String,
    /// A word or two when it is well, a sentence when it is not.
    pub outcome: Result<String, String>,
    /// Whether data that should be there is not, or cannot be read.
    pub is_lost: bool,
}

/// A workspace that the directory knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registered {
    pub id: WorkspaceId,
    /// Whether its creation has come to its end, so that its data must be there.
    pub is_made: bool,
}

/// Reads from the directory which workspaces there should be.
pub type Register = for<'t, 'c> fn(&'t mut Tx<'c>) -> BoxFuture<'t, Result<Vec<Registered>, Error>>;

/// What is found of a namespace.
struct Found {
    standing: Standing,
    /// Whose data it is, where it says so.
    owner: Option<WorkspaceId>,
}

/// Looks at the directory and every workspace: whether each is there, is what it should be, and its schema is this
/// program's.
pub(crate) async fn inspect(
    config: &StoreConfig,
    depth: Depth,
    register: Option<Register>,
) -> Result<Vec<Check>, Error> {
    match &config.database_url {
        None => {
            let data_dir = config.data_dir.clone();
            blocking(move || files(&data_dir, depth, register)).await
        }
        Some(url) => schemas(url, config, register).await,
    }
}

fn files(data_dir: &Path, depth: Depth, register: Option<Register>) -> Result<Vec<Check>, Error> {
    let place = folder::directory_file(data_dir);
    let there = folder::workspace_files(data_dir)?;
    let there: Vec<_> = there.iter().filter_map(|path| folder::workspace_of(path)).collect();
    if !place.exists() {
        return Ok(vec![no_directory(
            &place.display().to_string(),
            &data_dir.display().to_string(),
            there.len(),
        )]);
    }
    let directory = Subject { id: None, place: place.display().to_string(), is_expected: !there.is_empty() };
    let mut checks = vec![directory.check(file(&place, &directory, depth))];
    let registered = register
        .map(|register| reading(&place, |tx| register(tx).now_or_never().unwrap_or(Err(Error::NotReady))));
    let registered = expected(&mut checks, registered);
    for id in all(&there, registered.as_deref()) {
        let path = folder::workspace_file(data_dir, id);
        let subject = Subject { id: Some(id), place: path.display().to_string(), is_expected: true };
        let is_there = there.contains(&id);
        let check = surplus_or_missing(&subject, is_there, registered.as_deref(), "has no file");
        checks.extend(check.unwrap_or_else(|| Some(subject.check(file(&path, &subject, depth)))));
    }
    Ok(checks)
}

fn file(path: &Path, subject: &Subject, depth: Depth) -> Result<Found, Error> {
    let embedded = migrations::embedded(Dialect::Sqlite, subject.set());
    let id = subject.id;
    let found = reading(path, |tx| look(tx, &embedded, id).now_or_never().unwrap_or(Err(Error::NotReady)))?;
    if depth == Depth::Files {
        crate::backup::verify(path)?;
    }
    Ok(found)
}

/// Reads from a file beside whoever has it open.
fn reading<T>(path: &Path, read: impl FnOnce(&mut Tx<'_>) -> Result<T, Error>) -> Result<T, Error> {
    let mut session = sqlite::Session::open(path, sqlite::Role::Reader, false)?;
    let scope = Scope::sqlite();
    let mut tx = Tx::new(Connection::Sqlite(&mut session), &scope, Mode::Read);
    read(&mut tx)
}

async fn look(tx: &mut Tx<'_>, embedded: &[Migration], id: Option<WorkspaceId>) -> Result<Found, Error> {
    let standing = migrations::standing(tx, embedded).await?;
    let owner = match (id, standing) {
        (Some(_), Standing::Current(_)) => migrations::owner(tx).await?,
        _ => None,
    };
    Ok(Found { standing, owner })
}

async fn schemas(url: &str, config: &StoreConfig, register: Option<Register>) -> Result<Vec<Check>, Error> {
    let (pool, tasks) = (postgres::connect(url, config).await?, TaskTracker::new());
    let environment = Environment::system();
    let open = |id: Option<WorkspaceId>| {
        let schema = id.map_or_else(|| DIRECTORY_SCHEMA.to_owned(), postgres::schema_of_workspace);
        let space = postgres::Space::new(&pool, &schema, config, &environment, &tasks);
        (Subject { id, place: format!("schema {schema}"), is_expected: true }, space)
    };
    let check = async |id: Option<WorkspaceId>| {
        let (subject, space) = open(id);
        let embedded = migrations::embedded(Dialect::Postgres, subject.set());
        let namespace = Namespace::new(id, Engine::Postgres(space), Commits::default());
        let found = namespace.read(embedded, move |tx, embedded| Box::pin(look(tx, embedded, id)));
        subject.check(found.await)
    };
    let checks = async {
        let there: Vec<WorkspaceId> =
            postgres::workspace_schemas(&pool).await?.iter().filter_map(|id| id.parse().ok()).collect();
        let (directory, space) = open(None);
        if !space.exists().await? {
            return Ok(vec![no_directory(&directory.place, "the database", there.len())]);
        }
        let mut checks = vec![check(None).await];
        let registered = match register {
            Some(register) => Some(
                Namespace::new(None, Engine::Postgres(space), Commits::default())
                    .read(register, |tx, &register| register(tx))
                    .await,
            ),
            None => None,
        };
        let registered = expected(&mut checks, registered);
        for id in all(&there, registered.as_deref()) {
            let (subject, _) = open(Some(id));
            let is_there = there.contains(&id);
            match surplus_or_missing(&subject, is_there, registered.as_deref(), "has no schema") {
                Some(found) => checks.extend(found),
                None => checks.push(check(Some(id)).await),
            }
        }
        Ok(checks)
    };
    let checks = checks.await;
    pool.close().await;
    checks
}

/// The workspaces there should be; a check that fails where that cannot be read.
fn expected(
    checks: &mut Vec<Check>,
    registered: Option<Result<Vec<Registered>, Error>>,
) -> Option<Vec<Registered>> {
    match registered? {
        Ok(registered) => Some(registered),
        Err(error) => {
            let why = format!("it cannot be read which workspaces there should be: {}", Chain(&error));
            checks.push(Check { name: "workspaces".to_owned(), outcome: Err(why), is_lost: true });
            None
        }
    }
}

/// What is there and what should be, each once, in order.
fn all(there: &[WorkspaceId], registered: Option<&[Registered]>) -> BTreeSet<WorkspaceId> {
    let registered = registered.into_iter().flatten().map(|workspace| workspace.id);
    there.iter().copied().chain(registered).collect()
}

/// What to say of a workspace whose data is not to be looked at: because it is missing, because the directory does
/// not know it, or (nothing) because it is being made.
fn surplus_or_missing(
    subject: &Subject,
    is_there: bool,
    registered: Option<&[Registered]>,
    missing: &str,
) -> Option<Option<Check>> {
    let known = registered.map(|all| all.iter().find(|workspace| Some(workspace.id) == subject.id));
    match known {
        Some(Some(workspace)) if !is_there && workspace.is_made => {
            Some(Some(subject.check(Err(subject.missing(missing)))))
        }
        Some(Some(workspace)) if !workspace.is_made => Some(None),
        Some(None) => {
            let why = format!(
                "{} is there and the directory does not know it; restore both from one backup, or move it away",
                subject.place
            );
            Some(Some(Check { name: subject.check_name(), outcome: Err(why), is_lost: false }))
        }
        _ => None,
    }
}

fn no_directory(place: &str, where_to: &str, workspaces: usize) -> Check {
    let why = match workspaces {
        0 => format!("{where_to} holds no data; it is made when the server starts"),
        count => format!(
            "{place} is missing although the data of {count} workspaces is there; restore it from a backup"
        ),
    };
    Check { name: "directory".to_owned(), outcome: Err(why), is_lost: workspaces > 0 }
}

impl Subject {
    fn check_name(&self) -> String {
        self.id.map_or_else(|| "directory".to_owned(), |id| format!("workspace {id}"))
    }

    fn check(&self, found: Result<Found, Error>) -> Check {
        let (outcome, is_lost) = match found {
            Ok(Found { owner: Some(owner), .. }) if Some(owner) != self.id => {
                let how = format!("is not there: in its place lies workspace {owner}");
                (Err(self.missing(how).to_string()), true)
            }
            Ok(Found { standing, .. }) => {
                (self.stands(standing), standing == Standing::Empty && self.is_expected)
            }
            Err(error) => (Err(Chain(&error).to_string()), true),
        };
        Check { name: self.check_name(), outcome, is_lost }
    }

    fn stands(&self, standing: Standing) -> Result<String, String> {
        match standing {
            Standing::Current(version) => Ok(format!("schema version {version:04}")),
            Standing::Empty if self.is_expected => Err(self.missing("is empty").to_string()),
            Standing::Empty => Err("it is empty; it is made when the server starts".to_owned()),
            Standing::Older { version, newest } => Err(format!(
                "schema version {version:04} is older than this program's, {newest:04}; the server migrates it when it starts"
            )),
            Standing::Newer(version) => {
                Err(format!("schema version {version:04} is newer than this program, which must be updated"))
            }
            Standing::Different(version) => {
                Err(format!("migration {version:04} is not the one that this program has"))
            }
        }
    }
}
