//! What a form says of each kind of provider.

use kontor_models::ProviderKind;
use serde_json::Value as Json;

/// A kind by its word, as addresses and forms name it.
pub(super) fn kind(word: &str) -> Option<ProviderKind> {
    serde_json::from_value(Json::from(word)).ok()
}

/// The word of a kind.
pub(super) fn word(kind: ProviderKind) -> String {
    serde_json::to_value(kind).ok().as_ref().and_then(Json::as_str).unwrap_or_default().to_owned()
}

/// Where its key comes from.
pub(super) fn about_key(kind: ProviderKind) -> &'static str {
    match kind {
        ProviderKind::Openai => "Made at platform.openai.com, under API keys.",
        ProviderKind::Anthropic => "Made at platform.claude.com, under API keys.",
        ProviderKind::Gemini => "Made at aistudio.google.com, under API keys.",
        ProviderKind::Mistral => "Made at console.mistral.ai, under API keys.",
        ProviderKind::Deepseek => "Made at platform.deepseek.com, under API keys.",
        ProviderKind::Groq => "Made at console.groq.com, under API keys.",
        ProviderKind::Xai => "Made at console.x.ai, under API keys.",
        ProviderKind::Openrouter => "Made at openrouter.ai, under Keys.",
        ProviderKind::Azure => "In the Azure portal, under Keys and Endpoint of the resource.",
        ProviderKind::Ollama
        | ProviderKind::Lmstudio
        | ProviderKind::Vllm
        | ProviderKind::LlamaServer
        | ProviderKind::OpenaiCompatible => "Only where the server asks for one.",
    }
}

/// Which address is meant.
pub(super) fn about_address(kind: ProviderKind) -> String {
    match (kind, kind.base_url()) {
        (ProviderKind::Azure, _) => {
            "That of your resource, which ends in /openai/v1, or that of one deployment.".to_owned()
        }
        (ProviderKind::Ollama | ProviderKind::Lmstudio | ProviderKind::Vllm | ProviderKind::LlamaServer, _) => {
            "As the machine that Kontor runs on reaches it. An address that is not public has to be allowed by whoever runs Kontor."
                .to_owned()
        }
        (_, Some(url)) => format!("Empty means {url}."),
        (_, None) => "Up to and including the version, mostly /v1.".to_owned(),
    }
}

/// What an address looks like.
pub(super) fn example_address(kind: ProviderKind) -> &'static str {
    match (kind, kind.base_url()) {
        (ProviderKind::Azure, _) => "https://resource.openai.azure.com/openai/v1",
        (_, Some(url)) => url,
        (_, None) => "https://models.example.com/v1",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_found_again_by_its_word() {
        for one in ProviderKind::ALL {
            assert_eq!(kind(&word(*one)), Some(*one));
        }
        assert_eq!(kind("nobody"), None);
    }

    #[test]
    fn a_kind_that_needs_a_key_says_where_it_is_made() {
        for one in ProviderKind::ALL {
            assert_eq!(about_key(*one).starts_with("Only"), !one.needs_key(), "{one:?}");
        }
    }
}
