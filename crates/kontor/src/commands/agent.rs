//! `kontor agent`: a client of the API for those who run agents.

use std::path::Path;

use reqwest::Method;
use serde_json::{Map, Value, json};

use super::given::{address, show, text_of};
use crate::{
    cli::{Agent, Client},
    client::Api,
    error::Error,
    terminal,
};

pub(crate) async fn run(client: Client, command: Agent) -> Result<(), Error> {
    let Client { server, email, workspace } = client;
    let api = Api::signed_in(&server, email.as_deref(), workspace.as_deref()).await?;
    match command {
        Agent::List => list(&api).await,
        Agent::Show { name } => show(&api.get::<Value>(&path(&name)).await?),
        Agent::Create { name, role, copy_of, prompt, set } => {
            let mut body = fields(&set)?;
            body.insert("name".to_owned(), name.into());
            let given = [
                ("role", role),
                ("copy_of", copy_of),
                ("prompt", prompt.map(|file| text_of(&file)).transpose()?),
            ];
            body.extend(given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into()))));
            show(&api.post::<Value>("/api/agents", &body.into()).await?)
        }
        Agent::Edit { name, set, version } => {
            let mut body = fields(&set)?;
            let version = match version {
                Some(version) => version.into(),
                None => api.get::<Value>(&path(&name)).await?["version"].clone(),
            };
            body.insert("version".to_owned(), version);
            show(&api.send_by::<Value>(Method::PATCH, &path(&name), &body.into()).await?)
        }
        Agent::Prompt { name, version, save, note } => {
            prompt(&api, &name, version, save.as_deref(), note).await
        }
        Agent::Label { name, label, version, expected } => {
            label_of(&api, &name, label.zip(version), expected).await
        }
        Agent::Preview { name, version, body, member, record } => {
            let body = body.map(|file| text_of(&file)).transpose()?;
            let asked = json!({ "version": version, "body": body, "member": member, "record": record });
            let shown: Value = api.post(&format!("{}/preview", path(&name)), &asked).await?;
            terminal::line(shown["prompt"].as_str().unwrap_or_default());
            let tools = shown["tools"].as_array().map_or(0, Vec::len);
            let tokens = &shown["tokens"];
            terminal::remark(&format!(
                "{tools} tools; about {} tokens of prompt, {} of tools, {} together",
                tokens["prompt"], tokens["tools"], tokens["total"]
            ));
            Ok(())
        }
    }
}

async fn list(api: &Api) -> Result<(), Error> {
    let all: Value = api.get("/api/agents").await?;
    for agent in all["data"].as_array().into_iter().flatten() {
        let text = |field: &str| agent[field].as_str().unwrap_or_default().to_owned();
        let state = if agent["active"] == true { "active" } else { "not active" };
        terminal::line(&format!(
            "{:<24} {:<12} {:<20} {state}, version {}",
            text("name"),
            text("role"),
            text("model"),
            agent["version"]
        ));
    }
    Ok(())
}

async fn prompt(
    api: &Api,
    name: &str,
    version: Option<i64>,
    save: Option<&Path>,
    note: Option<String>,
) -> Result<(), Error> {
    if let Some(file) = save {
        let body = json!({ "body": text_of(file)?, "note": note.unwrap_or_default() });
        let saved: Value = api.post(&format!("{}/prompts", path(name)), &body).await?;
        terminal::line(&format!("Saved as version {}.", saved["version"]));
        return Ok(());
    }
    let (found, field): (Value, _) = match version {
        Some(version) => (api.get(&format!("{}/prompts/{version}", path(name))).await?, "body"),
        None => (api.get(&path(name)).await?, "prompt"),
    };
    let text = found[field].as_str();
    let text = text.ok_or_else(|| Error::Usage("you may not read this agent's prompt".to_owned()))?;
    terminal::line(text.trim_end());
    Ok(())
}

async fn label_of(
    api: &Api,
    name: &str,
    to: Option<(String, i64)>,
    expected: Option<i64>,
) -> Result<(), Error> {
    let all: Value = api.get(&format!("{}/labels", path(name))).await?;
    let labels = || all["data"].as_array().into_iter().flatten();
    let Some((label, version)) = to else {
        for label in labels() {
            let text = |field: &str| label[field].as_str().unwrap_or_default().to_owned();
            terminal::line(&format!("{:<20} version {}", text("label"), label["version"]));
        }
        return Ok(());
    };
    let known = labels().find(|known| known["label"] == label.as_str());
    let expected =
        expected.map_or_else(|| known.map_or(Value::Null, |known| known["version"].clone()), Value::from);
    let body = json!({ "version": version, "expected": expected });
    let _: Value = api.send_by(Method::PUT, &format!("{}/labels/{label}", path(name)), &body).await?;
    terminal::line(&format!("{label} stands at version {version}."));
    Ok(())
}

fn path(name: &str) -> String {
    address("/api/agents", name)
}

/// `field=value` pairs as JSON.
fn fields(pairs: &[String]) -> Result<Map<String, Value>, Error> {
    let mut fields = Map::new();
    for pair in pairs {
        let (name, value) = pair
            .split_once('=')
            .ok_or_else(|| Error::Usage(format!("{pair:?} is not of the form FIELD=VALUE")))?;
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        fields.insert(name.to_owned(), value);
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_json_or_a_text() {
        let pairs = ["model=fast", "active=false", "operations=[\"*.find\"]", "description=a=b"];
        let read = fields(&pairs.map(str::to_owned)).unwrap();
        let expected = json!({
            "model": "fast", "active": false, "operations": ["*.find"], "description": "a=b",
        });
        assert_eq!(Value::from(read), expected);
        assert!(fields(&["model".to_owned()]).is_err());
    }
}
