//! Servers for tests.

use std::{
    io::Read as _,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};

pub(crate) use kontor_testkit::waiting::eventually;
use kontor_testkit::{
    client::ApiClient,
    server::{PASSWORD, Server, ServerOptions},
};
use tempfile::TempDir;

/// The workspace that the first version made on SQLite.
const OLDER_WORKSPACE: &str = "01a22767-0147-7024-bf9c-f88a2035eb2f";

/// How long a test waits for what comes by itself.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

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
        let mut fixture = Self::prepared(engine).await;
        fixture.options.model = model.map(str::to_owned);
        fixture.launch();
        fixture
    }

    /// A server on SQLite with these settings, named as in the environment after `KONTOR_`.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let mut fixture = Self::prepared(Engine::Sqlite).await;
        let settings = settings.iter().map(|(name, value)| (format!("KONTOR_{name}"), (*value).to_owned()));
        fixture.options.environment.extend(settings);
        fixture.launch();
        fixture
    }

    /// A server on a workspace that the first version made and its admin changed since (`tests/older`).
    pub(crate) async fn of_first_version(engine: Engine) -> Self {
        let mut fixture = Self::prepared(engine).await;
        let older = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/older"));
        let data = &fixture.options.data_dir;
        std::fs::create_dir_all(data.join("workspaces")).unwrap();
        if let Some(database) = &fixture.database {
            database.load(&older.join("postgres.sql")).await.unwrap();
        } else {
            unpack(&older.join("directory.sqlite.gz"), &data.join("directory.sqlite"));
            let workspace = format!("{OLDER_WORKSPACE}.sqlite");
            let packed = older.join(format!("{workspace}.gz"));
            unpack(&packed, &data.join("workspaces").join(workspace));
        }
        fixture.options.demo = false;
        let secret = ("KONTOR_SECRET".to_owned(), "a secret of the older workspace's fixture".to_owned());
        fixture.options.environment.push(secret);
        fixture.launch();
        fixture
    }

    async fn prepared(engine: Engine) -> Self {
        let folder = TempDir::new().unwrap();
        let mut options = ServerOptions::demo(binary(), folder.path().join("data"));
        let database = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => {
                let url = std::env::var("KONTOR_TEST_DATABASE_URL").unwrap();
                let database = kontor_testkit::database::Database::create(&url).await.unwrap();
                options.database_url = Some(database.url.clone());
                Some(database)
            }
        };
        Self { server: None, options, database, folder }
    }

    /// Starts the server on the same data, after it was killed or stopped.
    pub(crate) fn launch(&mut self) {
        self.server = Some(Server::start(&self.options).unwrap());
    }

    /// Another server on the same PostgreSQL.
    pub(crate) fn second_server(&self) -> Server {
        let mut options = self.options.clone();
        options.data_dir = self.folder().join("second");
        options.demo = false;
        let secret = std::fs::read_to_string(self.options.data_dir.join("secret")).unwrap();
        options.environment.push(("KONTOR_SECRET".to_owned(), secret.trim().to_owned()));
        Server::start(&options).unwrap()
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

/// Runs a command of the program on the data of a fixture, beside its server.
pub(crate) fn kontor(fixture: &Fixture, arguments: &[&str]) -> Output {
    Command::new(binary())
        .args(arguments)
        .arg("--data-dir")
        .arg(&fixture.options.data_dir)
        .env("KONTOR_PASSWORD", PASSWORD)
        .env("KONTOR_MODELS__OLLAMA_URL", "")
        .envs(fixture.options.environment.iter().map(|(name, value)| (name, value)))
        .envs(fixture.options.database_url.iter().map(|url| ("KONTOR_DATABASE_URL", url)))
        .current_dir(fixture.folder())
        .output()
        .unwrap()
}

/// What a command printed.
pub(crate) fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn unpack(packed: &Path, to: &Path) {
    let mut content = Vec::new();
    flate2::read::GzDecoder::new(std::fs::File::open(packed).unwrap()).read_to_end(&mut content).unwrap();
    std::fs::write(to, content).unwrap();
}
