//! What may be said first in a new chat.

use kontor_agents::SessionContext;
use kontor_core::{caller::Caller, grants::Action, metadata::Schema};

/// First messages that the built-in commands understand as well as a model does.
pub(super) fn suggestions(schema: &Schema, caller: &Caller, about: Option<&SessionContext>) -> Vec<String> {
    if let Some(about) = about {
        let mut texts = vec!["What changed on it?".to_owned(), "Show it".to_owned()];
        if about.object == "deal" && caller.grants.allows("deal", Action::Update) {
            texts.push("Move it to negotiation".to_owned());
        }
        return texts;
    }
    [
        ("deal", "Show open deals over 10k by amount"),
        ("deal", "Total deal amount by stage"),
        ("account", "List accounts in segment enterprise"),
        ("task", "List tasks due this week"),
    ]
    .into_iter()
    .filter(|(object, _)| schema.object(object).is_some() && caller.grants.allows(object, Action::Read))
    .map(|(_, text)| text.to_owned())
    .collect()
}
