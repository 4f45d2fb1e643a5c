//! `kontor session`: a client of the API for the chats of whoever signs in.

use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};

use super::given::{address, show};
use crate::{
    cli::{Client, Session},
    client::Api,
    error::Error,
    terminal,
};

pub(crate) async fn run(client: Client, command: Session) -> Result<(), Error> {
    let Client { server, email, workspace } = client;
    let api = Api::signed_in(&server, email.as_deref(), workspace.as_deref()).await?;
    match command {
        Session::List { search, agent } => list(&api, search, agent).await,
        Session::Show { id } => show(&api.get(&path(&id)).await?),
        Session::Rename { id, title } => change(&api, &id, json!({ "title": title })).await,
        Session::Agent { id, agent } => change(&api, &id, json!({ "agent": agent })).await,
        Session::Delete { id } => {
            api.delete(&path(&id)).await?;
            terminal::line("The chat is deleted. It can be taken back for some days.");
            Ok(())
        }
        Session::Export { id, to } => {
            let text = api.text(&format!("{}/export?format=markdown", path(&id))).await?;
            match to {
                Some(file) => write(&file, &text),
                None => {
                    terminal::line(text.trim_end());
                    Ok(())
                }
            }
        }
    }
}

async fn list(api: &Api, search: Option<String>, agent: Option<String>) -> Result<(), Error> {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("limit", "100");
    for (name, value) in [("search", search), ("agent", agent)] {
        if let Some(value) = value {
            query.append_pair(name, &value);
        }
    }
    let found: Value = api.get(&format!("/api/sessions?{}", query.finish())).await?;
    for session in found["data"].as_array().into_iter().flatten() {
        let agent = session["agent"]["name"].as_str().unwrap_or("(to be chosen)");
        let text = |field: &str| session[field].as_str().unwrap_or_default();
        terminal::line(&format!("{}  {agent:<20} {:<10} {}", text("id"), text("status"), text("title")));
    }
    if found["page"]["has_more"] == true {
        terminal::remark("These are the newest; search for older ones.");
    }
    Ok(())
}

async fn change(api: &Api, id: &str, patch: Value) -> Result<(), Error> {
    show(&api.send_by(Method::PATCH, &path(id), &patch).await?)
}

fn path(id: &str) -> String {
    address("/api/sessions", id)
}

fn write(file: &Path, text: &str) -> Result<(), Error> {
    std::fs::write(file, text)
        .map_err(|error| Error::Usage(format!("{} cannot be written: {error}", file.display())))
}
