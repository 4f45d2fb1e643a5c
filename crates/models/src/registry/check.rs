//! Whether the configured providers can be used, asked of each with one short request.

use futures::future::join_all;
use kontor_core::text;

use super::{Configured, Models};
use crate::error::ModelError;

/// What was found about a configured provider.
#[derive(Debug)]
pub struct ProviderCheck {
    pub provider: String,
    /// A few words when it is well.
    pub outcome: Result<String, ModelError>,
}

impl Models {
    /// Asks every configured provider for its models: whether it can be reached, takes the key, and has the
    /// models that the configuration names.
    pub async fn check_providers(&self) -> Vec<ProviderCheck> {
        let default = self.shared.default.as_deref().and_then(|id| id.split_once('/'));
        let checks = self.shared.providers.iter().map(|(name, configured)| async move {
            let default = default.filter(|(provider, _)| provider == name).map(|(_, model)| model);
            ProviderCheck { provider: name.clone(), outcome: check(name, configured, default).await }
        });
        join_all(checks).await
    }
}

pub(super) async fn check(
    name: &str,
    configured: &Configured,
    default: Option<&str>,
) -> Result<String, ModelError> {
    let Some(listed) = configured.provider(name)?.list().await? else {
        return Ok("answers, and does not say which models it has".to_owned());
    };
    let has = |wanted: &str| listed.iter().any(|id| means(wanted, id));
    let mut wanted = configured.models.iter().map(|model| model.name.as_str()).chain(default);
    match wanted.find(|wanted| !has(wanted)) {
        None if listed.len() == 1 => Ok("answers, and has 1 model".to_owned()),
        None => Ok(format!("answers, and has {} models", listed.len())),
        Some(missing) => Err(ModelError::UnknownModel {
            id: format!("{name}/{missing}"),
            suggestion: text::suggestion(missing, listed.iter().map(String::as_str)),
        }),
    }
}

/// Whether a provider that lists a model under `id` understands `wanted` as it: Gemini lists with a path, Ollama takes
/// a name without its tag as the latest, Anthropic one without its day as the newest.
fn means(wanted: &str, id: &str) -> bool {
    let id = id.strip_prefix("models/").unwrap_or(id);
    let Some(rest) = id.strip_prefix(wanted) else { return false };
    let is_day = |day: &str| day.len() == 8 && day.bytes().all(|byte| byte.is_ascii_digit());
    matches!(rest, "" | ":latest") || rest.strip_prefix('-').is_some_and(is_day)
}

#[cfg(test)]
mod tests {
    use kontor_core::environment::Environment;
    use kontor_outbound::Outbound;
    use serde_json::json;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
        task::JoinSet,
    };

    use super::{super::unasked::unasked, *};

    /// Answers every request alike; its address.
    async fn answering(status: &'static str, body: &'static str) -> (String, JoinSet<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut server = JoinSet::new();
        server.spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let _ = stream.read(&mut [0; 4096]).await.unwrap();
                let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
            }
        });
        (format!("http://{address}/v1"), server)
    }

    async fn found(
        base_url: &str,
        models: serde_json::Value,
        default: Option<&str>,
    ) -> Result<String, ModelError> {
        let config = serde_json::from_value(json!({
            "default": default,
            "ollama_url": "",
            "providers": {"local": {"base_url": base_url, "api_key": "sk-1", "models": models}},
        }));
        let models =
            Models::new(config.unwrap(), &Outbound::default(), unasked(), Environment::system()).unwrap();
        let mut checks = models.check_providers().await;
        assert_eq!((checks.len(), checks[0].provider.as_str()), (1, "local"));
        checks.remove(0).outcome
    }

    #[tokio::test]
    async fn a_provider_that_answers_is_asked_for_the_models_that_are_wanted() {
        let list = r#"{"data": [{"id": "small"}, {"id": "llama3:latest"}]}"#;
        let (url, _server) = answering("200 OK", list).await;
        let named = json!([{"name": "small"}, {"name": "llama3"}]);
        assert_eq!(found(&url, named, Some("local/small")).await.unwrap(), "answers, and has 2 models");
        let missing = found(&url, json!([{"name": "smal"}]), None).await.unwrap_err();
        assert_eq!(missing.to_string(), "there is no model local/smal. Did you mean small?");
        let default = found(&url, json!([]), Some("local/large")).await.unwrap_err();
        assert!(matches!(&default, ModelError::UnknownModel { id, .. } if id == "local/large"), "{default}");
    }

    #[tokio::test]
    async fn a_wrong_key_a_closed_port_and_a_server_without_a_list_are_told_apart() {
        let (url, _refusing) =
            answering("401 Unauthorized", r#"{"error": {"message": "bad key sk-1"}}"#).await;
        let wrong = found(&url, json!([]), None).await.unwrap_err();
        assert!(matches!(wrong, ModelError::Unauthorized { .. }), "{wrong}");
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let closed = found(&format!("http://{closed}/v1"), json!([]), None).await.unwrap_err();
        assert!(matches!(closed, ModelError::Unreachable { .. }), "{closed}");
        let (url, _silent) = answering("404 Not Found", "{}").await;
        assert!(found(&url, json!([{"name": "any"}]), None).await.unwrap().contains("does not say"));
    }
}
