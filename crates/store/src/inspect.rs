//! Looking at the data as it is: nothing is made, migrated or changed.

use std::{path::Path, sync::Arc};

use futures::FutureExt as _;
use kontor_core::{environment::Environment, ids::WorkspaceId};
use tokio_util::task::TaskTracker;

use crate::{
    Dialect, Error, Namespace, StoreConfig, Tx, folder,
    migrations::{self, Set, Standing},
    namespace::Engine,
    postgres, sqlite,
    store::{DIRECTORY_SCHEMA, blocking, described},
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
}

/// Looks at the directory and every workspace: whether each is there and its schema is this program's.
pub(crate) async fn inspect(config: &StoreConfig, depth: Depth) -> Result<Vec<Check>, Error> {
    match &config.database_url {
        None => {
            let data_dir = config.data_dir.clone();
            blocking(move || files(&data_dir, depth)).await
        }
        Some(url) => schemas(url, config).await,
    }
}

fn files(data_dir: &Path, depth: Depth) -> Result<Vec<Check>, Error> {
    let directory = folder::directory_file(data_dir);
    if !directory.exists() {
        return Ok(vec![missing(format!("{} holds no data", data_dir.display()))]);
    }
    let mut checks = vec![check(None, file(&directory, None, depth))];
    for path in folder::workspace_files(data_dir)? {
        let id = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
        if let Some(id) = id {
            checks.push(check(Some(id), file(&path, Some(id), depth)));
        }
    }
    Ok(checks)
}

fn file(path: &Path, id: Option<WorkspaceId>, depth: Depth) -> Result<Standing, Error> {
    let mut session = sqlite::Session::open(path, sqlite::Role::Reader, false)?;
    let scope = Scope::sqlite();
    let mut tx =
        Tx { connection: Connection::Sqlite(&mut session), scope: &scope, mode: Mode::Read, failure: None };
    let embedded = migrations::embedded(Dialect::Sqlite, described(id).1);
    let standing = migrations::standing(&mut tx, &embedded).now_or_never().unwrap_or(Err(Error::NotReady))?;
    if depth == Depth::Files {
        crate::backup::verify(path)?;
    }
    Ok(standing)
}

async fn schemas(url: &str, config: &StoreConfig) -> Result<Vec<Check>, Error> {
    let (pool, tasks) = (postgres::connect(url, config).await?, TaskTracker::new());
    let environment = Environment::system();
    let space = |schema: &str| postgres::Space::new(&pool, schema, config, &environment, &tasks);
    let look = async |schema: &str, id: Option<WorkspaceId>, set: Set| {
        let embedded = Arc::new(migrations::embedded(Dialect::Postgres, set));
        Namespace::new(id, Engine::Postgres(space(schema)))
            .read(move |tx| {
                let embedded = Arc::clone(&embedded);
                Box::pin(async move { migrations::standing(tx, &embedded).await })
            })
            .await
    };
    let checks = async {
        if !space(DIRECTORY_SCHEMA).exists().await? {
            return Ok(vec![missing("the database holds no data".to_owned())]);
        }
        let mut checks = vec![check(None, look(DIRECTORY_SCHEMA, None, Set::Directory).await)];
        let ids = postgres::workspace_schemas(&pool).await?;
        for id in ids.iter().filter_map(|id| id.parse().ok()) {
            let found = look(&postgres::schema_of_workspace(id), Some(id), Set::Workspace).await;
            checks.push(check(Some(id), found));
        }
        Ok(checks)
    };
    let checks = checks.await;
    pool.close().await;
    checks
}

fn missing(what: String) -> Check {
    let why = format!("{what}; it is made when the server starts");
    Check { name: "directory".to_owned(), outcome: Err(why) }
}

fn check(id: Option<WorkspaceId>, found: Result<Standing, Error>) -> Check {
    let name = id.map_or_else(|| "directory".to_owned(), |id| format!("workspace {id}"));
    let outcome = match found {
        Ok(Standing::Current(version)) => Ok(format!("schema version {version:04}")),
        Ok(Standing::Older { version, newest }) => Err(format!(
            "schema version {version:04} is older than this program's, {newest:04}; the server migrates it when it starts"
        )),
        Ok(Standing::Newer(version)) => {
            Err(format!("schema version {version:04} is newer than this program, which must be updated"))
        }
        Ok(Standing::Different(version)) => {
            Err(format!("migration {version:04} is not the one that this program has"))
        }
        Err(error) => Err(error.to_string()),
    };
    Check { name, outcome }
}
