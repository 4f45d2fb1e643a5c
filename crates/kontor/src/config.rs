//! The settings: `config/kontor.toml`, then `KONTOR_*`, then flags.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use figment::{
    Figment,
    providers::{Env, Format as _, Toml},
};
use kontor_agents::Limits;
use kontor_models::ModelsConfig;
use kontor_store::StoreConfig;
use serde::Deserialize;
use url::Url;

use crate::{cli::Common, error::Error};

/// The file that is read where none is named.
const DEFAULT_FILE: &str = "config/kontor.toml";

/// Everything that can be set.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// The address the server listens on.
    pub(crate) listen: SocketAddr,
    /// How the server is reached from outside; links and secure cookies follow it.
    pub(crate) public_url: Option<PublicUrl>,
    /// How many connections the server holds at one time; further ones wait. Each takes a file descriptor.
    pub(crate) max_connections: usize,
    /// The folder that holds the data.
    pub(crate) data_dir: PathBuf,
    /// How many workspaces have their SQLite file open at one time; others are opened by need. Each takes up to
    /// seven file descriptors and a few megabytes.
    pub(crate) open_workspaces: usize,
    /// A `postgres://` address; without one, SQLite in the data folder.
    pub(crate) database_url: Option<Redacted>,
    /// The master secret, at least 32 characters; made and kept in the data folder when absent.
    pub(crate) secret: Option<Redacted>,
    /// `text` or `json`.
    pub(crate) log_format: LogFormat,
    pub(crate) models: ModelsConfig,
    pub(crate) agents: AgentsConfig,
}

/// What agents may do.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct AgentsConfig {
    /// Records that a turn may change before a person is asked; see [`kontor_agents::Limits`].
    pub(crate) unasked_changes: u32,
}

impl Default for AgentsConfig {
    fn default() -> Self {
        Self { unasked_changes: Limits::default().unasked_changes }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7700)),
            public_url: None,
            // The usual limit of 1,024 open files leaves a quarter to the data.
            max_connections: 768,
            data_dir: PathBuf::from("kontor-data"),
            open_workspaces: StoreConfig::OPEN_WORKSPACES,
            database_url: None,
            secret: None,
            log_format: LogFormat::Text,
            models: ModelsConfig::default(),
            agents: AgentsConfig::default(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogFormat {
    Text,
    Json,
}

/// Where the server is reached from outside: a scheme and a host, since the pages lie at its root.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct PublicUrl(Url);

impl TryFrom<String> for PublicUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let expected = "expected http:// or https:// and a host, such as https://crm.example.com";
        let url = Url::parse(&text).map_err(|error| format!("{text:?} is no URL ({error}): {expected}"))?;
        let is_plain = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        if matches!(url.scheme(), "http" | "https") && url.has_host() && is_plain {
            Ok(Self(url))
        } else {
            Err(format!("{text:?} cannot be used: {expected}"))
        }
    }
}

/// A setting that is never printed.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub(crate) struct Redacted(pub(crate) String);

impl std::fmt::Debug for Redacted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

impl Config {
    /// Reads the settings.
    ///
    /// # Errors
    /// A sentence that names the file or variable and what was expected.
    pub(crate) fn load(common: &Common) -> Result<Self, Error> {
        let mut figment = Figment::new();
        match &common.config {
            Some(file) if !file.is_file() => {
                let message = format!("the configuration file {} does not exist", file.display());
                return Err(Error::Usage(message));
            }
            Some(file) => figment = figment.merge(Toml::file_exact(file)),
            None if Path::new(DEFAULT_FILE).is_file() => {
                figment = figment.merge(Toml::file_exact(DEFAULT_FILE))
            }
            None => {}
        }
        // `KONTOR_MODELS__DEFAULT` is `models.default`. The variables of the client commands and of the
        // demonstration are not settings of the server.
        let variables = Env::prefixed("KONTOR_").split("__").ignore(&[
            "server",
            "email",
            "password",
            "workspace",
            "token",
            "demo_password",
            "log",
            "redis_url",
        ]);
        let variables = variables.filter(|key| !key.starts_with("test_"));
        let mut config: Self = figment.merge(variables).extract().map_err(Box::new)?;
        if let Some(folder) = &common.data_dir {
            config.data_dir.clone_from(folder);
        }
        if let Some(secret) = &config.secret
            && secret.0.chars().count() < 32
        {
            return Err(Error::Usage("KONTOR_SECRET has fewer than 32 characters".to_owned()));
        }
        Ok(config)
    }

    pub(crate) fn store(&self) -> StoreConfig {
        StoreConfig {
            database_url: self.database_url.as_ref().map(|url| url.0.clone()),
            open_workspaces: self.open_workspaces,
            ..StoreConfig::new(&self.data_dir)
        }
    }

    /// The address a browser opens.
    pub(crate) fn url(&self, bound: SocketAddr) -> String {
        match &self.public_url {
            Some(url) => url.0.origin().ascii_serialization(),
            None if bound.ip().is_unspecified() => format!("http://127.0.0.1:{}", bound.port()),
            None => format!("http://{bound}"),
        }
    }

    /// Whether browsers reach the server by https alone.
    pub(crate) fn is_secure(&self) -> bool {
        self.public_url.as_ref().is_some_and(|url| url.0.scheme() == "https")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(public_url: &str) -> Config {
        let public_url = Some(PublicUrl::try_from(public_url.to_owned()).unwrap());
        Config { public_url, ..Config::default() }
    }

    #[test]
    fn links_and_cookies_follow_the_public_url_however_it_is_written() {
        let bound = SocketAddr::from(([127, 0, 0, 1], 7700));
        let secure = config("HTTPS://CRM.example.com/");
        assert_eq!((secure.url(bound).as_str(), secure.is_secure()), ("https://crm.example.com", true));
        let plain = config("http://crm.local:8080");
        assert_eq!((plain.url(bound).as_str(), plain.is_secure()), ("http://crm.local:8080", false));
        assert!(!Config::default().is_secure());
    }

    #[test]
    fn a_public_url_that_leads_elsewhere_is_refused() {
        for wrong in
            ["crm.example.com", "https:", "ftp://crm.example.com", "https://a.test/crm", "https://a:b@c.test"]
        {
            let refused = PublicUrl::try_from(wrong.to_owned()).unwrap_err();
            assert!(refused.contains("https://crm.example.com"), "{refused}");
        }
    }
}
