//! `kontor key`: a client of the API for those who manage API keys.

use clap::Subcommand;
use serde_json::{Value, json};

use super::given::address;
use crate::{cli::Client, client::Api, error::Error, terminal};

#[derive(Subcommand)]
pub(crate) enum Key {
    /// List the API keys.
    List,
    /// Make an API key. The key is printed once, alone on the standard output.
    Create {
        /// What acts by it, as it stands beside what it does.
        name: String,
        /// The name of a role, which allows no more than you may do.
        #[arg(long)]
        role: String,
        /// An operation or a pattern, such as deal.find or contact.*; may be given several times.
        #[arg(long = "scope", required = true, value_name = "SCOPE")]
        scopes: Vec<String>,
        /// After how many days it ends (default: never).
        #[arg(long, value_name = "DAYS")]
        expires_in_days: Option<u32>,
        /// An address or network that it may be used from; may be given several times (default: any).
        #[arg(long = "network", value_name = "NETWORK")]
        networks: Vec<String>,
    },
    /// End an API key, by its id.
    Delete { id: String },
}

pub(crate) async fn run(client: Client, command: Key) -> Result<(), Error> {
    let Client { server, email, workspace } = client;
    let api = Api::signed_in(&server, email.as_deref(), workspace.as_deref()).await?;
    match command {
        Key::List => {
            let all: Value = api.get("/api/keys").await?;
            for key in all["data"].as_array().into_iter().flatten() {
                let text = |field: &str| key[field].as_str().unwrap_or("never").to_owned();
                let scopes: Vec<_> =
                    key["scopes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                terminal::line(&format!(
                    "{}  {:<24} {:<12} {}  ends {}, last used {}",
                    text("id"),
                    text("name"),
                    text("role"),
                    scopes.join(" "),
                    text("expires_at"),
                    text("last_used_at"),
                ));
            }
            Ok(())
        }
        Key::Create { name, role, scopes, expires_in_days, networks } => {
            let body = json!({
                "name": name,
                "role": role,
                "scopes": scopes,
                "expires_in_days": expires_in_days,
                "networks": networks,
            });
            let made: Value = api.post("/api/keys", &body).await?;
            terminal::line(made["key"].as_str().unwrap_or_default());
            Ok(())
        }
        Key::Delete { id } => {
            api.delete(&address("/api/keys", &id)).await?;
            terminal::line("The API key has ended.");
            Ok(())
        }
    }
}
