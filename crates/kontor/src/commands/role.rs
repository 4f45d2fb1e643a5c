//! `kontor role`: a client of the API for those who manage roles.

use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};

use super::given::{address, show, text_of};
use crate::{
    cli::{Client, Role},
    client::Api,
    error::Error,
    terminal,
};

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
