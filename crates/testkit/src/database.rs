//! A PostgreSQL database of a test's own.

use std::{
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
};

/// A database on a test server.
#[derive(Debug)]
pub struct Database {
    /// Its address.
    pub url: String,
    name: String,
    server: String,
}

static COUNTER: AtomicU32 = AtomicU32::new(0);

impl Database {
    /// Makes a database on the server at `server` with `psql`, which every PostgreSQL brings.
    ///
    /// # Errors
    /// What psql said.
    pub async fn create(server: &str) -> std::io::Result<Self> {
        let name = format!("kontor_e2e_{}_{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
        psql(server, &format!("CREATE DATABASE {name}")).await?;
        let (head, _) = server.rsplit_once('/').unwrap_or((server, ""));
        Ok(Self { url: format!("{head}/{name}"), name, server: server.to_owned() })
    }

    /// Runs a statement in the database and returns what psql prints, unaligned.
    pub async fn query(&self, statement: &str) -> std::io::Result<String> {
        psql(&self.url, statement).await
    }

    /// Runs a file of statements in the database.
    pub async fn load(&self, file: &Path) -> std::io::Result<()> {
        let file = file.to_string_lossy();
        run(&self.url, &["--set", "ON_ERROR_STOP=1", "--single-transaction", "--file", &file]).await.map(drop)
    }

    /// Drops the database, whoever is still connected.
    pub async fn remove(self) -> std::io::Result<()> {
        psql(&self.server, &format!("DROP DATABASE {} WITH (FORCE)", self.name)).await.map(drop)
    }
}

async fn psql(url: &str, statement: &str) -> std::io::Result<String> {
    run(url, &["--command", statement]).await
}

async fn run(url: &str, what: &[&str]) -> std::io::Result<String> {
    let output = tokio::process::Command::new("psql")
        .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--dbname", url])
        .args(what)
        .output()
        .await?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(std::io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()))
    }
}
