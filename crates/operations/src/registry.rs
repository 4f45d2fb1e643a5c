use std::collections::BTreeMap;

use kontor_core::{
    error::{ErrorKind, Problem},
    operation::{Definition, Effect},
    scope::Scope,
    text,
};
use serde_json::Value as Json;

use crate::{Operation, explain};

struct Entry {
    operation: Operation,
    validator: jsonschema::Validator,
}

/// The operations that grants allow, by name. What they do not allow is not in it; what a caller's scope does not
/// hold is not found by that caller.
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

    /// The definitions of a scope in order of name.
    pub fn definitions(&self, scope: &Scope) -> impl Iterator<Item = &Definition> {
        let all = self.entries.values().map(|entry| entry.operation.definition());
        all.filter(|definition| scope.allows(&definition.name))
    }

    pub fn get(&self, scope: &Scope, name: &str) -> Option<&Operation> {
        self.entry(scope, name).map(|entry| &entry.operation)
    }

    fn entry(&self, scope: &Scope, name: &str) -> Option<&Entry> {
        self.entries.get(name).filter(|_| scope.allows(name))
    }

    /// That there is no such operation, with the nearest of those that may be called. One that removes something
    /// is never proposed in the place of another: what was meant may have been to look.
    pub fn unknown(&self, scope: &Scope, name: &str) -> Problem {
        let harmless = self.definitions(scope).filter(|definition| definition.effect != Effect::Destructive);
        let near = text::suggestion(name, harmless.map(|definition| definition.name.as_str()));
        let name = text::excerpt(name, 80);
        let message = format!("There is no operation {name:?} you may call.{near}");
        Problem::new(ErrorKind::NotFound, "unknown_operation", message)
    }

    /// The operation of a call whose arguments fit its schema.
    ///
    /// # Errors
    /// An unknown name, with the nearest one; arguments that do not fit, each with its path.
    pub fn check(&self, scope: &Scope, name: &str, arguments: &Json) -> Result<&Operation, Problem> {
        let Some(entry) = self.entry(scope, name) else { return Err(self.unknown(scope, name)) };
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
