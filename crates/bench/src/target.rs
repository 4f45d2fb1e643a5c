//! The server that is measured, on either engine.

use std::{
    io,
    path::{Path, PathBuf},
};

use kontor_testkit::{
    database::Database,
    server::{Server, ServerOptions},
};
use tempfile::TempDir;

/// The arguments that every program takes.
#[derive(Debug, Clone, clap::Args)]
pub struct Target {
    /// The server's binary.
    #[arg(long)]
    pub binary: PathBuf,
    /// A PostgreSQL server on which databases may be made; without one, SQLite.
    #[arg(long)]
    pub database_url: Option<String>,
}

/// A running server and all that goes with it.
pub struct Running {
    pub server: Server,
    pub options: ServerOptions,
    database: Option<Database>,
    folder: TempDir,
}

impl Target {
    /// The engine's name.
    pub fn engine(&self) -> &'static str {
        if self.database_url.is_some() { "PostgreSQL" } else { "SQLite" }
    }

    /// Options of a demonstration in a fresh folder or database.
    pub async fn prepare(
        &self,
        model: Option<String>,
    ) -> io::Result<(ServerOptions, Option<Database>, TempDir)> {
        let folder = TempDir::new()?;
        let mut options = ServerOptions::demo(&self.binary, folder.path().join("data"));
        options.model = model;
        let database = match &self.database_url {
            Some(url) => Some(Database::create(url).await?),
            None => None,
        };
        options.database_url = database.as_ref().map(|database| database.url.clone());
        Ok((options, database, folder))
    }

    /// A fresh demonstration, running.
    pub async fn start(&self, model: Option<String>) -> io::Result<Running> {
        let (options, database, folder) = self.prepare(model).await?;
        let server = Server::start(&options)?;
        Ok(Running { server, options, database, folder })
    }
}

impl Running {
    /// The folder of the data.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Ends the server and removes its data.
    pub async fn end(self) -> io::Result<()> {
        drop(self.server);
        match self.database {
            Some(database) => database.remove().await,
            None => Ok(()),
        }
    }
}

/// The file of the one workspace that a demonstration has.
///
/// # Errors
/// There is none.
pub fn workspace_file(data_dir: &Path) -> crate::Result<PathBuf> {
    let mut files =
        std::fs::read_dir(data_dir.join("workspaces"))?.filter_map(|entry| Some(entry.ok()?.path()));
    let file = files.find(|path| path.extension().is_some_and(|extension| extension == "sqlite"));
    file.ok_or_else(|| "the workspace has no file".into())
}

/// The schema of the one workspace that a demonstration has.
///
/// # Errors
/// What psql said.
pub async fn workspace_schema(database: &Database) -> crate::Result<String> {
    let schema = database.query("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'ws\\_%'").await?;
    Ok(schema.trim().to_owned())
}
