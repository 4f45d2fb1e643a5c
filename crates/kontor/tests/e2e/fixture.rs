//! Servers for tests.

use std::path::PathBuf;

use kontor_testkit::{
    client::ApiClient,
    server::{Server, ServerOptions},
};
use tempfile::TempDir;

/// The engines a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

/// The engines there are on this machine: PostgreSQL where `KONTOR_TEST_DATABASE_URL` names one.
pub(crate) fn engines() -> Vec<Engine> {
    match std::env::var("KONTOR_TEST_DATABASE_URL") {
        Ok(_) => vec![Engine::Sqlite, Engine::Postgres],
        Err(_) => {
            let required = std::env::var("KONTOR_TEST_REQUIRE_POSTGRES").is_ok();
            assert!(!required, "KONTOR_TEST_DATABASE_URL names no PostgreSQL server");
            vec![Engine::Sqlite]
        }
    }
}

/// A server with the demonstration in it, and the folder it lives in.
pub(crate) struct Fixture {
    pub(crate) server: Option<Server>,
    pub(crate) options: ServerOptions,
    database: Option<kontor_testkit::database::Database>,
    folder: TempDir,
}

impl Fixture {
    /// A server on SQLite that answers by the built-in commands.
    pub(crate) async fn builtin() -> Self {
        Self::start(Engine::Sqlite, None).await
    }

    /// A server on an engine, with a scripted model where its address is given.
    pub(crate) async fn start(engine: Engine, model: Option<&str>) -> Self {
        let folder = TempDir::new().unwrap();
        let mut options = ServerOptions::demo(binary(), folder.path().join("data"));
        options.model = model.map(str::to_owned);
        let database = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => {
                let url = std::env::var("KONTOR_TEST_DATABASE_URL").unwrap();
                let database = kontor_testkit::database::Database::create(&url).await.unwrap();
                options.database_url = Some(database.url.clone());
                Some(database)
            }
        };
        let mut fixture = Self { server: None, options, database, folder };
        fixture.launch();
        fixture
    }

    /// Starts the server on the same data, after it was killed or stopped.
    pub(crate) fn launch(&mut self) {
        self.server = Some(Server::start(&self.options).unwrap());
    }

    pub(crate) fn server(&self) -> &Server {
        self.server.as_ref().unwrap()
    }

    pub(crate) fn url(&self) -> &str {
        &self.server().url
    }

    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub(crate) async fn sign_in(&self, name: &str) -> ApiClient {
        ApiClient::sign_in(self.url(), &format!("{name}@demo.test")).await.unwrap()
    }

    /// Ends the server and removes the database.
    pub(crate) async fn end(mut self) {
        drop(self.server.take());
        if let Some(database) = self.database.take() {
            database.remove().await.unwrap();
        }
    }
}

/// The binary under test.
pub(crate) fn binary() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_kontor"))
}
