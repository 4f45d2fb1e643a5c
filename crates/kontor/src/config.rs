//! The settings: `config/kontor.toml`, then `KONTOR_*`, then flags.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use figment::{
    Figment,
    providers::{Env, Format as _, Toml},
};
use kontor_http::{RateLimitSettings, TrustedProxies};
use kontor_models::ModelsConfig;
use kontor_operations::ApprovalPolicy;
use kontor_outbound::{Allowed, Outbound};
use kontor_store::StoreConfig;
use serde::Deserialize;
use url::Url;

use crate::{cli::Common, error::Error, telemetry::TelemetryConfig, variables};

/// The file that is read where none is named.
const DEFAULT_FILE: &str = "config/kontor.toml";
/// The names of all settings, as the fields of [`Config`].
const SETTINGS: [&str; 17] = [
    "listen",
    "public_url",
    "max_connections",
    "max_streams_per_member",
    "trusted_proxies",
    "data_dir",
    "open_workspaces",
    "database_url",
    "secret",
    "metrics_token",
    "log_format",
    "models",
    "outbound",
    "agents",
    "retention",
    "rate_limits",
    "telemetry",
];

/// Everything that can be set.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// The address the server listens on.
    pub(crate) listen: SocketAddr,
    /// How the server is reached from outside; links and secure cookies follow it.
    pub(crate) public_url: Option<PublicUrl>,
    /// How many connections the server serves at one time. Each takes a file descriptor.
    pub(crate) max_connections: usize,
    /// How many event streams one member may have open at one time.
    pub(crate) max_streams_per_member: usize,
    /// The proxies whose word on a client's address is believed.
    pub(crate) trusted_proxies: Proxies,
    /// The folder that holds the data.
    pub(crate) data_dir: PathBuf,
    /// How many workspaces have their SQLite file open at one time; others are opened by need. Each takes up to
    /// seven file descriptors and a few megabytes.
    pub(crate) open_workspaces: usize,
    /// A `postgres://` address; without one, SQLite in the data folder.
    pub(crate) database_url: Option<Redacted>,
    /// The master secret, at least 32 characters; made and kept in the data folder when absent.
    pub(crate) secret: Option<Redacted>,
    /// What Prometheus sends as its bearer token to read the metrics; without one they are read on this machine.
    pub(crate) metrics_token: Option<Redacted>,
    /// `text` or `json`.
    pub(crate) log_format: LogFormat,
    pub(crate) models: ModelsConfig,
    pub(crate) outbound: OutboundConfig,
    pub(crate) agents: AgentsConfig,
    pub(crate) retention: RetentionConfig,
    pub(crate) rate_limits: RateLimitSettings,
    /// Where the traces of turns are sent.
    pub(crate) telemetry: TelemetryConfig,
    /// What the log is to say of variables that are no settings.
    #[serde(skip)]
    pub(crate) remarks: Vec<String>,
}

/// For how many days what has happened is kept; 0 keeps it for ever.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RetentionConfig {
    /// Events of changes, for programs to be told.
    pub(crate) events: u32,
    /// Those of them that not every reader has had, at the longest.
    pub(crate) unread_events: u32,
    /// Who did what to the workspace itself.
    pub(crate) audit: u32,
    /// Chats, after they have expired.
    pub(crate) chats: u32,
    /// Calls that reached outside, and jobs that failed.
    pub(crate) calls: u32,
}

impl Default for RetentionConfig {
    fn default() -> Self {
        Self { events: 7, unread_events: 30, audit: 0, chats: 0, calls: 90 }
    }
}

/// Where the server may go by itself.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct OutboundConfig {
    /// Networks and hosts that are not public and may be reached by what workspaces, members and models steer.
    pub(crate) allow: Reachable,
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
        Self { unasked_changes: ApprovalPolicy::default().unasked_changes }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7700)),
            public_url: None,
            // The usual limit of 1,024 open files leaves a quarter to the data.
            max_connections: 768,
            max_streams_per_member: 128,
            trusted_proxies: Proxies::default(),
            data_dir: PathBuf::from("kontor-data"),
            open_workspaces: StoreConfig::OPEN_WORKSPACES,
            database_url: None,
            secret: None,
            metrics_token: None,
            log_format: LogFormat::Text,
            models: ModelsConfig::default(),
            outbound: OutboundConfig::default(),
            agents: AgentsConfig::default(),
            retention: RetentionConfig::default(),
            telemetry: TelemetryConfig::default(),
            rate_limits: RateLimitSettings::default(),
            remarks: Vec::new(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogFormat {
    Text,
    Json,
}

/// Addresses and networks, as one text or as a list of them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(try_from = "OneOrMany")]
pub(crate) struct Proxies(pub(crate) TrustedProxies);

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected addresses and networks such as \"10.0.0.0/8, 192.0.2.7\"")]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn text(self) -> String {
        match self {
            Self::One(text) => text,
            Self::Many(texts) => texts.join(","),
        }
    }
}

impl TryFrom<OneOrMany> for Proxies {
    type Error = String;

    fn try_from(given: OneOrMany) -> Result<Self, String> {
        TrustedProxies::parse(&given.text()).map(Self)
    }
}

/// Addresses, networks and names of hosts, as one text or as a list of them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(try_from = "OneOrMany")]
pub(crate) struct Reachable(Allowed);

impl TryFrom<OneOrMany> for Reachable {
    type Error = String;

    fn try_from(given: OneOrMany) -> Result<Self, String> {
        Allowed::parse(&given.text()).map(Self)
    }
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
        let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        let names = names.filter(|name| variables::is_ours(name));
        let found = variables::sort(names, &SETTINGS).map_err(Error::Usage)?;
        // `KONTOR_MODELS__DEFAULT` is `models.default`.
        let settings = Env::prefixed(variables::PREFIX)
            .filter(move |key| !found.ignored.iter().any(|name| key == name.as_str()))
            .split("__");
        let mut config: Self = figment.merge(settings).extract().map_err(Box::new)?;
        config.remarks = found.remarks;
        if let Some(folder) = &common.data_dir {
            config.data_dir.clone_from(folder);
        }
        if let Some(token) = &config.metrics_token
            && token.0.chars().count() < 16
        {
            return Err(Error::Usage("KONTOR_METRICS_TOKEN has fewer than 16 characters".to_owned()));
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

    /// What makes the clients of everything that the server asks of others.
    pub(crate) fn outbound(&self) -> Outbound {
        Outbound::new(self.outbound.allow.0.clone())
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
    fn every_setting_is_known_by_its_name() {
        let refused = Figment::new().merge(("no_setting", 1)).extract::<Config>().unwrap_err();
        let figment::error::Kind::UnknownField(_, known) = refused.kind else { panic!("{refused}") };
        assert_eq!(known, SETTINGS);
    }

    #[test]
    fn trusted_proxies_are_one_text_or_a_list() {
        let read = |value: figment::value::Value| {
            Figment::new()
                .merge(("trusted_proxies", value))
                .extract::<Config>()
                .map(|config| config.trusted_proxies.0)
                .map_err(|refused| refused.to_string())
        };
        let both = TrustedProxies::parse("10.0.0.0/8,192.0.2.7").unwrap();
        assert_eq!(read("10.0.0.0/8, 192.0.2.7".into()).unwrap(), both);
        assert_eq!(read(vec!["10.0.0.0/8", "192.0.2.7"].into()).unwrap(), both);
        let refused = read("10.0.0.0/99".into()).unwrap_err();
        assert!(refused.contains("10.0.0.0/99") && refused.contains("trusted_proxies"), "{refused}");
    }

    #[test]
    fn what_may_be_reached_outside_is_one_text_or_a_list() {
        let read = |value: figment::value::Value| {
            Figment::new()
                .merge(("outbound.allow", value))
                .extract::<Config>()
                .map(|config| config.outbound.allow.0)
                .map_err(|refused| refused.to_string())
        };
        let both = Allowed::parse("10.0.0.0/8,ollama.internal").unwrap();
        assert_eq!(read("10.0.0.0/8, ollama.internal".into()).unwrap(), both);
        assert_eq!(read(vec!["10.0.0.0/8", "ollama.internal"].into()).unwrap(), both);
        let refused = read("10.0.0.0/99".into()).unwrap_err();
        assert!(refused.contains("10.0.0.0/99") && refused.contains("outbound.allow"), "{refused}");
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
