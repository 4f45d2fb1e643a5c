//! Operations: the one catalogue behind chat tools, MCP tools and workflow actions.
//!
//! An operation is a name, a description, an argument schema, an effect and what it does. What a call needs
//! and a model must not choose (workspace, actor, transaction) is its context, never an argument: the
//! family of context types is the parameter `C`, which the crate that runs operations supplies.

mod explain;

use std::{collections::BTreeMap, sync::Arc};

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};

use crate::{
    error::{ErrorKind, Problem},
    text,
};

/// What running an operation does to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Nothing: it may run again and beside others.
    Read,
    /// Changes records, undoably.
    Write,
    /// Puts records aside or removes them: an agent's call waits for a person's approval.
    Destructive,
    /// Reaches outside, where no transaction follows.
    External,
}

/// What a model or a program needs to know to call an operation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Definition {
    /// `deal.update`.
    pub name: String,
    pub description: String,
    /// JSON Schema (2020-12) of the arguments, an object.
    pub parameters: Arc<serde_json::Value>,
    pub effect: Effect,
}

/// The type of context operations run in, borrowed for `'a` from a transaction of lifetime `'c`.
pub trait ContextFamily: 'static {
    type Context<'a, 'c>: Send
    where
        'c: 'a;
}

/// Something a caller can have done.
pub trait Operation<C: ContextFamily>: Send + Sync {
    fn definition(&self) -> &Definition;

    /// How many records a call with these arguments changes at most; an operation on many says how many.
    fn records(&self, arguments: &serde_json::Value) -> u32 {
        let _ = arguments;
        u32::from(self.definition().effect != Effect::Read)
    }

    /// Does it. The arguments have been validated against the schema.
    ///
    /// # Errors
    /// A problem that tells a model what to do differently.
    fn run<'r, 'a, 'c>(
        &'r self,
        context: &'r mut C::Context<'a, 'c>,
        arguments: serde_json::Value,
    ) -> BoxFuture<'r, Result<serde_json::Value, Problem>>;
}

struct Entry<C> {
    operation: Arc<dyn Operation<C>>,
    validator: jsonschema::Validator,
}

/// The operations a caller may call, by name. What a caller may not do is not in it.
pub struct Registry<C> {
    entries: BTreeMap<String, Entry<C>>,
}

impl<C: ContextFamily> Registry<C> {
    /// A registry of these operations. One whose schema is no schema is a fault of ours and is left out,
    /// loudly.
    pub fn new(operations: impl IntoIterator<Item = Arc<dyn Operation<C>>>) -> Self {
        let mut entries = BTreeMap::new();
        for operation in operations {
            let definition = operation.definition();
            let options = jsonschema::options().should_validate_formats(true);
            match options.build(&definition.parameters) {
                Ok(validator) => {
                    entries.insert(definition.name.clone(), Entry { operation, validator });
                }
                Err(error) => {
                    tracing::error!(operation = definition.name, %error, "operation left out: its schema is not valid");
                }
            }
        }
        Self { entries }
    }

    /// The definitions in order of name.
    pub fn definitions(&self) -> impl Iterator<Item = &Definition> {
        self.entries.values().map(|entry| entry.operation.definition())
    }

    pub fn get(&self, name: &str) -> Option<&Arc<dyn Operation<C>>> {
        self.entries.get(name).map(|entry| &entry.operation)
    }

    /// That there is no such operation, with the nearest of those that `may` be called. One that removes something
    /// is never proposed in the place of another: what was meant may have been to look.
    pub fn unknown(&self, name: &str, may: impl Fn(&str) -> bool) -> Problem {
        let harmless = self.definitions().filter(|definition| definition.effect != Effect::Destructive);
        let names = harmless.map(|definition| definition.name.as_str()).filter(|name| may(name));
        let near = text::suggestion(name, names);
        let name = text::excerpt(name, 80);
        let message = format!("There is no operation {name:?} you may call.{near}");
        Problem::new(ErrorKind::NotFound, "unknown_operation", message)
    }

    /// The operation of a call whose arguments fit its schema.
    ///
    /// # Errors
    /// An unknown name, with the nearest one; arguments that do not fit, each with its path.
    pub fn check(
        &self,
        name: &str,
        arguments: &serde_json::Value,
    ) -> Result<&Arc<dyn Operation<C>>, Problem> {
        let Some(entry) = self.entries.get(name) else { return Err(self.unknown(name, |_| true)) };
        let schema = &entry.operation.definition().parameters;
        let issues: Vec<_> = entry
            .validator
            .iter_errors(arguments)
            .flat_map(|error| explain::issues(&error, schema))
            .take(10)
            .collect();
        if issues.is_empty() { Ok(&entry.operation) } else { Err(Problem::invalid(issues)) }
    }
}
