//! The context window with which a server runs a model, which may be much smaller than the model could have.

use serde_json::{Value, json};

use crate::{
    error::ModelError,
    providers::{ProviderKind, Windows, wire::transport::Transport},
};

/// Asks a server of a kind that says it. `base` ends with the version.
pub(super) async fn ask(
    kind: ProviderKind,
    base: &str,
    transport: &Transport,
    models: &[&str],
) -> Result<Windows, ModelError> {
    let root = base.strip_suffix("/v1").unwrap_or(base);
    let get = async |path: &str| transport.get(&format!("{root}{path}")).await.map(Option::unwrap_or_default);
    Ok(match kind {
        // https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md: that of one slot, for all.
        ProviderKind::LlamaServer => {
            let props = get("/props").await?;
            let window = tokens(&props["default_generation_settings"]["n_ctx"]);
            window.map(|window| (String::new(), window)).into_iter().collect()
        }
        // https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html
        ProviderKind::Vllm => each(&get("/v1/models").await?["data"], "id", "max_model_len"),
        // https://lmstudio.ai/docs/developer/rest
        ProviderKind::Lmstudio => each(&get("/api/v0/models").await?["data"], "id", "loaded_context_length"),
        ProviderKind::Ollama => {
            // https://docs.ollama.com/api/ps: those that are loaded, as they are.
            let mut windows = each(&get("/api/ps").await?["models"], "name", "context_length");
            // A name without a tag means the latest.
            let untagged = windows
                .iter()
                .filter_map(|(name, window)| Some((name.strip_suffix(":latest")?.to_owned(), *window)));
            windows.extend(untagged.collect::<Vec<_>>());
            for model in models.iter().filter(|model| !windows.contains_key(**model)).collect::<Vec<_>>() {
                let question = json!({"model": model});
                let shown = transport.ask(&format!("{root}/api/show"), &question).await?.unwrap_or_default();
                let window = shown["parameters"].as_str().and_then(set_by_hand);
                windows.extend(window.map(|window| ((*model).to_owned(), window)));
            }
            windows
        }
        _ => Windows::new(),
    })
}

/// The parameter `num_ctx` of a model of Ollama, which stands among others, each on a line of its own. What the card
/// of the model says (`model_info`) is what it could have.
pub(crate) fn set_by_hand(parameters: &str) -> Option<u32> {
    let lines = parameters.lines();
    lines.filter_map(|line| line.trim().strip_prefix("num_ctx")).find_map(|rest| rest.trim().parse().ok())
}

fn each(list: &Value, name: &str, window: &str) -> Windows {
    let list = list.as_array().into_iter().flatten();
    list.filter_map(|one| Some((one[name].as_str()?.to_owned(), tokens(&one[window])?))).collect()
}

fn tokens(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|tokens| u32::try_from(tokens).ok()).filter(|tokens| *tokens > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_that_is_set_is_found_among_other_parameters() {
        let parameters = "stop \"<|im_end|>\"\nnum_ctx                        8192\ntemperature 0.7";
        assert_eq!(set_by_hand(parameters), Some(8_192));
        assert_eq!(set_by_hand("temperature 0.7"), None);
    }

    #[test]
    fn a_list_without_windows_says_nothing() {
        let list = json!([{"id": "a", "max_model_len": 4_096}, {"id": "b"}, {"id": "c", "max_model_len": 0}]);
        assert_eq!(each(&list, "id", "max_model_len"), Windows::from([("a".to_owned(), 4_096)]));
        assert!(each(&Value::Null, "id", "max_model_len").is_empty());
    }
}
