//! `kontor role`: a client of the API for those who manage roles.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use reqwest::Method;
use serde_json::{Value, json};

use super::given::{address, show, text_of};
use crate::{cli::Client, client::Api, error::Error, terminal};

#[derive(Subcommand)]
pub(crate) enum Role {
    /// List the roles.
    List,
    /// Show a role as JSON, with who has it.
    Show { name: String },
    /// Make a role, with the grants of a file or of another role.
    Create {
        name: String,
        /// What people read (default: the name).
        #[arg(long)]
        label: Option<String>,
        /// Begin with what this role allows.
        #[arg(long, value_name = "ROLE")]
        copy_of: Option<String>,
        /// The file that holds its grants as JSON.
        #[arg(long, value_name = "FILE", conflicts_with = "copy_of")]
        grants: Option<PathBuf>,
    },
    /// Change a role; the version that was shown is named, so that nobody's work is lost.
    Edit {
        name: String,
        #[arg(long)]
        label: Option<String>,
        /// The file that holds all its grants from now on, as JSON.
        #[arg(long, value_name = "FILE")]
        grants: Option<PathBuf>,
        /// The version that the change is made of (default: the present one).
        #[arg(long)]
        version: Option<i64>,
    },
    /// Delete a role that nobody has.
    Delete { name: String },
    /// Say whether somebody might call an operation, and why; nothing is done. Without a member or role it is about you.
    Explain {
        /// The operation, such as deal.update.
        operation: String,
        /// Its arguments as JSON.
        arguments: Option<String>,
        /// The id of a member.
        #[arg(long)]
        member: Option<String>,
        /// The name of a role.
        #[arg(long, conflicts_with = "member")]
        role: Option<String>,
        /// The agent that acts for them.
        #[arg(long)]
        agent: Option<String>,
    },
}

pub(crate) async fn run(client: Client, command: Role) -> Result<(), Error> {
    let Client { server, email, workspace } = client;
    let api = Api::signed_in(&server, email.as_deref(), workspace.as_deref()).await?;
    match command {
        Role::List => {
            let all: Value = api.get("/api/roles").await?;
            for role in all["data"].as_array().into_iter().flatten() {
                let text = |field: &str| role[field].as_str().unwrap_or_default();
                terminal::line(&format!("{:<24} {}", text("name"), text("description")));
            }
            Ok(())
        }
        Role::Show { name } => show(&api.get(&path(&name)).await?),
        Role::Create { name, label, copy_of, grants } => {
            let mut body = json!({ "name": name });
            let given = [("label", label.map(Value::from)), ("copy_of", copy_of.map(Value::from))];
            let grants = grants.map(|file| read(&file)).transpose()?;
            for (field, value) in given.into_iter().chain([("grants", grants)]) {
                if let Some(value) = value {
                    body[field] = value;
                }
            }
            show(&api.post("/api/roles", &body).await?)
        }
        Role::Edit { name, label, grants, version } => {
            let version = match version {
                Some(version) => version.into(),
                None => api.get::<Value>(&path(&name)).await?["version"].clone(),
            };
            let mut body = json!({ "version": version });
            if let Some(label) = label {
                body["label"] = label.into();
            }
            if let Some(file) = grants {
                body["grants"] = read(&file)?;
            }
            show(&api.send_by(Method::PATCH, &path(&name), &body).await?)
        }
        Role::Delete { name } => {
            api.delete(&path(&name)).await?;
            terminal::line(&format!("The role {name:?} is deleted."));
            Ok(())
        }
        Role::Explain { member, role, agent, operation, arguments } => {
            let arguments = arguments.map_or(Ok(json!({})), |text| parse(&text, "the arguments"))?;
            let question = json!({
                "caller": { "member": member, "role": role, "agent": agent },
                "request": { "operation": operation, "arguments": arguments },
            });
            let told: Value = api.post("/api/authority/explain", &question).await?;
            let outcome = match (told["allowed"] == true, told["asks"] == true) {
                (true, true) => "allowed, after somebody agrees",
                (true, false) => "allowed",
                (false, _) => "denied",
            };
            terminal::line(&format!("{outcome}: {}", told["reason"].as_str().unwrap_or_default()));
            if !told["rule"].is_null() {
                terminal::line(&format!("by {}", told["rule"]));
            }
            Ok(())
        }
    }
}

fn path(name: &str) -> String {
    address("/api/roles", name)
}

fn read(file: &Path) -> Result<Value, Error> {
    parse(&text_of(file)?, &file.display().to_string())
}

fn parse(text: &str, what: &str) -> Result<Value, Error> {
    serde_json::from_str(text)
        .map_err(|error| Error::Usage(format!("{what} cannot be read as JSON: {error}")))
}
