//! A request as it is compared: its key and its parts.

use kontor_core::text;
use kontor_models::{ChatRequest, Message};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

/// The digests of what a request is made of: enough to say what differs, and nothing of what was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Parts {
    pub(super) prompt: String,
    /// The names of the tools, each with the digest of its definition.
    pub(super) tools: Vec<(String, String)>,
    pub(super) settings: String,
    /// Each message but the prompt: who speaks, and the digest of what is said.
    pub(super) messages: Vec<(String, String)>,
}

impl Parts {
    pub(super) fn of(request: &ChatRequest) -> Self {
        let (mut prompt, mut messages) = (Vec::new(), Vec::new());
        for message in &*request.messages {
            let json = serde_json::to_value(message).unwrap_or_default();
            let who = match message {
                Message::System(_) => {
                    prompt.push(json);
                    continue;
                }
                Message::User(_) => "the member's message".to_owned(),
                Message::Assistant { .. } => "the model's answer".to_owned(),
                Message::Tool { name, .. } => format!("the result of {name}"),
            };
            messages.push((who, digest(&json)));
        }
        let tools = request.tools.iter();
        let settings = json!({ "settings": request.settings, "tool_choice": request.tool_choice });
        Self {
            prompt: digest(&prompt.into()),
            tools: tools
                .map(|tool| (tool.name.clone(), digest(&serde_json::to_value(tool).unwrap_or_default())))
                .collect(),
            settings: digest(&settings),
            messages,
        }
    }

    /// The key of a request to a model: the digest of all its parts.
    pub(super) fn key(&self, model: &str) -> String {
        digest(&json!({ "model": model, "parts": self }))
    }

    /// What of another request is not as here, in words; the other is the one that was recorded.
    pub(super) fn differences(&self, recorded: &Self) -> Vec<String> {
        let mut found = Vec::new();
        if self.prompt != recorded.prompt {
            found.push("the prompt changed".to_owned());
        }
        if self.settings != recorded.settings {
            found.push("the settings changed".to_owned());
        }
        found.extend(self.tools_changed(recorded));
        let pairs = self.messages.iter().zip(&recorded.messages);
        for (index, ((who, is), (_, was))) in pairs.enumerate() {
            if is != was {
                found.push(format!("message {} ({who}) differs", index + 1));
            }
        }
        let (is, was) = (self.messages.len(), recorded.messages.len());
        if is != was {
            found.push(format!("{is} messages instead of {was}"));
        }
        found
    }

    fn tools_changed(&self, recorded: &Self) -> Option<String> {
        let named = |tools: &[(String, String)], other: &[(String, String)]| {
            let gone = tools.iter().filter(|(name, _)| !other.iter().any(|(known, _)| known == name));
            gone.map(|(name, _)| name.clone()).collect::<Vec<_>>()
        };
        let (added, gone) = (named(&self.tools, &recorded.tools), named(&recorded.tools, &self.tools));
        let changed: Vec<_> = self
            .tools
            .iter()
            .filter(|(name, is)| recorded.tools.iter().any(|(known, was)| known == name && was != is))
            .map(|(name, _)| name.clone())
            .collect();
        let told: Vec<_> = [("added", added), ("gone", gone), ("changed", changed)]
            .into_iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(what, names)| format!("{what}: {}", text::excerpt(&names.join(", "), 200)))
            .collect();
        if told.is_empty() {
            return (self.tools != recorded.tools).then(|| "the tools are in another order".to_owned());
        }
        Some(format!("the tools changed ({})", told.join("; ")))
    }

    /// How near another request is: the more, the nearer.
    pub(super) fn likeness(&self, other: &Self) -> usize {
        let same = self.messages.iter().zip(&other.messages).filter(|(is, was)| is == was).count();
        let length = usize::from(self.messages.len() == other.messages.len());
        let parts = [self.prompt == other.prompt, self.tools == other.tools, self.settings == other.settings];
        same * 2 + length * 2 + parts.into_iter().filter(|same| *same).count()
    }
}

/// The digest of a JSON value, whose members stand in the order in which they are written.
fn digest(json: &Json) -> String {
    text::hex(&Sha256::digest(json.to_string())[..16])
}
