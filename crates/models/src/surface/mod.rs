//! What a language model is shown of the operations that an agent may call.
//!
//! The catalogue has one operation for each object and verb (`deal.update`), which grants, policies, logs and
//! approvals name. A model that were shown each with its schema would read tens of thousands of tokens with every
//! request. It is shown verbs that take an object instead, and the objects with their fields in its prompt; `describe`
//! tells the rest. Where all operations together are as small, they are shown themselves. [`Surface::read`] makes of a
//! call the operation that it means; whether its arguments fit is checked by the operation's own schema afterwards.
//!
//! | module | holds |
//! |---|---|
//! | `verbs` | the tools that take an object |
//! | `portable` | schemas in the one dialect that every provider takes |
//! | `outline` | objects and fields as the prompt tells them |
//! | `kinds` | how the kinds of fields are told, and read from what a model writes |
//! | `conditions` | a filter from a list of conditions |
//! | `read` | a call as the operation that it means |
//! | `describe` | an object or an operation in full |
//! | `colleagues` | other agents that are asked, or handed over to |

mod colleagues;
mod conditions;
mod describe;
mod kinds;
mod outline;
mod portable;
mod read;
#[cfg(test)]
mod tests;
mod verbs;

use std::{collections::BTreeMap, sync::Arc};

use kontor_core::{
    grants::Grants,
    metadata::{Object, Schema},
    operation::{Definition, Effect},
};

pub use self::{
    colleagues::{ASK_AGENT, HAND_OVER, HANDED_OVER, ask_agent, check_handover, check_question, hand_over},
    outline::ObjectOutline,
    read::Reading,
};
use crate::{chat::ToolDefinition, tokens};

/// The tool that tells an object or an operation in full. It is no operation: nothing is done by it.
pub const DESCRIBE: &str = "describe";

/// The tool that reads on in a result that was shown in part. It is no operation either.
pub const READ_MORE: &str = "read_more";

/// Tokens of tools and outline together that a surface keeps to where nothing else is said.
pub const USUAL_BUDGET: usize = 3_500;

/// The operations of one agent and caller as a model is shown them.
pub struct Surface {
    schema: Arc<Schema>,
    grants: Arc<Grants>,
    operations: BTreeMap<String, Definition>,
    form: Form,
    tools: Arc<[ToolDefinition]>,
    outline: Vec<ObjectOutline>,
    /// Tokens of the tools, estimated.
    tokens: usize,
}

/// How operations are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Each by itself.
    Operations,
    /// As verbs that take an object.
    Verbs,
}

impl Surface {
    /// The surface of what is offered within the grants, in about as many tokens as `budget` says or, where even the
    /// shortest form is longer, in the shortest.
    pub fn new<'d>(
        offered: impl IntoIterator<Item = &'d Definition>,
        schema: &Arc<Schema>,
        grants: &Arc<Grants>,
        budget: usize,
    ) -> Self {
        let offered = offered.into_iter().map(|definition| (definition.name.clone(), definition.clone()));
        let mut surface = Self {
            schema: schema.clone(),
            grants: grants.clone(),
            operations: offered.collect(),
            form: Form::Operations,
            tools: Arc::default(),
            outline: Vec::new(),
            tokens: 0,
        };
        surface.outline = surface.outlined(outline::Detail::Names);
        let reading_on = (!surface.operations.is_empty()).then(verbs::read_more);
        surface.tools = surface.operations.values().map(portable::tool).chain(reading_on).collect();
        if surface.size() > budget {
            surface.form = Form::Verbs;
            surface.tools = surface.verbs().into();
            for detail in outline::Detail::ALL {
                surface.outline = surface.outlined(detail);
                if surface.size() <= budget {
                    break;
                }
            }
        }
        surface.tokens = surface.tools.iter().map(tool_size).sum();
        surface
    }

    /// What the model may call.
    pub fn tools(&self) -> &Arc<[ToolDefinition]> {
        &self.tools
    }

    /// The objects that the caller may read, as the prompt tells them.
    pub fn outline(&self) -> &[ObjectOutline] {
        &self.outline
    }

    /// Tokens of the tools, estimated.
    pub fn tokens(&self) -> usize {
        self.tokens
    }

    /// Tokens of tools and outline, estimated.
    fn size(&self) -> usize {
        let tools = self.tools.iter().map(tool_size).sum::<usize>();
        tools + self.outline.iter().map(ObjectOutline::size).sum::<usize>()
    }

    /// What a call of this operation does; `None` for one that is not offered.
    pub fn effect(&self, operation: &str) -> Option<Effect> {
        if matches!(operation, DESCRIBE | READ_MORE) {
            return Some(Effect::Read);
        }
        Some(self.operations.get(operation)?.effect)
    }

    /// Whether this is a name that a model may call: a verb, an operation, [`DESCRIBE`] or [`READ_MORE`].
    pub fn knows(&self, name: &str) -> bool {
        self.effect(name).is_some() || verbs::VERBS.iter().any(|verb| verb.name == name)
    }

    /// The objects that an offered operation is about, as far as they may be read.
    fn offered_objects(&self) -> impl Iterator<Item = &Arc<Object>> {
        self.grants.readable(&self.schema).filter(|object| {
            let prefix = format!("{}.", object.name);
            let mut following = self.operations.range(prefix.clone()..);
            following.next().is_some_and(|(name, _)| name.starts_with(&prefix))
        })
    }

    /// The object that a word names: its name or plural; or its label, where that is no other's.
    fn object(&self, word: &str) -> Option<&Arc<Object>> {
        let wanted = read::plain(word);
        let is_named = |object: &&Arc<Object>| {
            [object.name.as_str(), object.plural.as_str()].into_iter().any(|name| read::plain(name) == wanted)
        };
        let is_labelled = |object: &&Arc<Object>| {
            [&object.label, &object.label_plural].into_iter().any(|label| read::plain(label) == wanted)
        };
        self.offered_objects().find(is_named).or_else(|| {
            let mut labelled = self.offered_objects().filter(is_labelled);
            labelled.next().filter(|_| labelled.next().is_none())
        })
    }
}

fn tool_size(tool: &ToolDefinition) -> usize {
    // What providers put around a tool.
    const FRAME: usize = 8;
    let parameters = tool.parameters.to_string();
    FRAME
        + [&tool.name, &tool.description, &parameters]
            .map(|text| tokens::estimate(text))
            .iter()
            .sum::<usize>()
}
