//! `kontor approvals`: what waits for whoever is signed in, and their word on it.

use serde_json::{Value, json};

use super::given::address;
use crate::{
    cli::{Approvals, Client},
    client::Api,
    error::Error,
    terminal,
};

pub(crate) async fn run(client: Client, command: Approvals) -> Result<(), Error> {
    let Client { server, email, workspace } = client;
    let api = Api::signed_in(&server, email.as_deref(), workspace.as_deref()).await?;
    match command {
        Approvals::List => list(&api).await,
        Approvals::Approve { id } => answer(&api, &id, "approve", None).await,
        Approvals::Deny { id, comment } => answer(&api, &id, "deny", comment).await,
    }
}

async fn list(api: &Api) -> Result<(), Error> {
    let waiting: Value = api.get("/api/approvals?status=pending").await?;
    for approval in waiting["data"].as_array().into_iter().flatten() {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let asking = match &approval["client"] {
            Value::Null => {
                let (agent, chat) = (text(&approval["agent"]["label"]), text(&approval["title"]));
                match approval["asked_agent"]["label"].as_str() {
                    Some(asked) => format!("{asked}, asked by {agent}, in “{chat}”"),
                    None => format!("{agent} in “{chat}”"),
                }
            }
            client => format!("a program for {}", text(&client["name"])),
        };
        terminal::line(&format!(
            "{}  {} {}: {asking}",
            text(&approval["id"]),
            text(&approval["operation"]),
            approval["arguments"]
        ));
    }
    Ok(())
}

async fn answer(api: &Api, id: &str, decision: &str, comment: Option<String>) -> Result<(), Error> {
    let body = json!({ "decision": decision, "comment": comment.unwrap_or_default() });
    let answered: Value = api.post(&address("/api/approvals", id), &body).await?;
    terminal::line(&format!(
        "{} is {}.",
        answered["operation"].as_str().unwrap_or_default(),
        answered["status"].as_str().unwrap_or_default()
    ));
    Ok(())
}
