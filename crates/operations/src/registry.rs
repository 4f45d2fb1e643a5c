use std::collections::BTreeMap;

use kontor_core::{
    error::{ErrorKind, Problem},
    operation::{Definition, Effect},
    text,
};
use serde_json::Value as Json;

use crate::{Operation, explain};

struct Entry {
    operation: Operation,
    validator: jsonschema::Validator,
}

/// The operations a caller may call, by name. What a caller may not do is not in it.
pub struct Registry {
    entries: BTreeMap<String, Entry>,
}

impl Registry {
    /// A registry of these operations. One whose schema is no schema, or whose effect is not what it says, is a
    /// fault of ours and is left out, loudly.
    pub fn new(operations: impl IntoIterator<Item = Operation>) -> Self {
        let mut entries = BTreeMap::new();
        for operation in operations {
            let definition = operation.definition();
            if !operation.is_consistent() {
                tracing::error!(
                    operation = definition.name,
                    "operation left out: its effect is not what it says"
                );
                continue;
            }
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

    pub fn get(&self, name: &str) -> Option<&Operation> {
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
    pub fn check(&self, name: &str, arguments: &Json) -> Result<&Operation, Problem> {
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
