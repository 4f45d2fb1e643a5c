//! The providers of the installation, as a workspace sees them.

use std::collections::BTreeMap;

use super::{Models, OLLAMA, Ollama, ProviderKind};

impl Models {
    /// The installation's providers, by name, without those that a provider of the workspace's own stands before.
    pub fn installed_providers(&self) -> Vec<(String, ProviderKind)> {
        let Some(beneath) = &self.shared.beneath else {
            let configured = self.shared.providers.iter();
            let mut found: BTreeMap<_, _> =
                configured.map(|(name, configured)| (name.clone(), configured.kind)).collect();
            if self.shared.ollama.as_ref().and_then(Ollama::first).is_some() {
                found.insert(OLLAMA.to_owned(), ProviderKind::Ollama);
            }
            return found.into_iter().collect();
        };
        let mut found = beneath.installed_providers();
        found.retain(|(name, _)| !self.shared.providers.contains_key(name));
        found
    }
}

#[cfg(test)]
mod tests {
    use kontor_core::environment::Environment;
    use kontor_outbound::Outbound;
    use serde_json::json;

    use super::{super::unasked::unasked, *};

    #[test]
    fn a_provider_of_the_workspaces_own_stands_before_the_installations_of_its_name() {
        let config = json!({
            "ollama_url": "",
            "providers": {"hosted": {"kind": "groq", "api_key": "k"}, "shared": {"kind": "xai", "api_key": "k"}},
        });
        let config = serde_json::from_value(config).unwrap();
        let all = Models::new(config, &Outbound::default(), unasked(), Environment::system()).unwrap();
        let own = serde_json::from_value(json!({"shared": {"kind": "mistral", "api_key": "k"}})).unwrap();
        let hosted = ("hosted".to_owned(), ProviderKind::Groq);
        assert_eq!(all.installed_providers(), [hosted.clone(), ("shared".to_owned(), ProviderKind::Xai)]);
        assert_eq!(all.with_providers(own).installed_providers(), [hosted]);
    }
}
