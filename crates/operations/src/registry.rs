use std::{collections::BTreeMap, sync::Arc};

use kontor_core::{
    error::{ErrorKind, Problem},
    operation::{Definition, Effect},
    scope::Scope,
    text,
};
use serde_json::Value as Json;

use crate::{Operation, batch::Batch, explain};

pub(crate) struct Entry {
    pub(crate) operation: Operation,
    validator: jsonschema::Validator,
}

impl Entry {
    /// That arguments fit the operation's schema.
    ///
    /// # Errors
    /// What does not fit, each with its path.
    pub(crate) fn check(&self, arguments: &Json) -> Result<(), Problem> {
        let schema = &self.operation.definition().parameters;
        let issues: Vec<_> = self
            .validator
            .iter_errors(arguments)
            .flat_map(|error| explain::issues(&error, schema))
            .take(10)
            .collect();
        if issues.is_empty() { Ok(()) } else { Err(Problem::invalid(issues)) }
    }
}

/// The operations that grants allow, by name. What they do not allow is not in it; what a caller's scope does not
/// hold is not found by that caller.
pub struct Registry {
    entries: BTreeMap<String, Arc<Entry>>,
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
                    entries.insert(definition.name.clone(), Arc::new(Entry { operation, validator }));
                }
                Err(error) => {
                    tracing::error!(operation = definition.name, %error, "operation left out: its schema is not valid");
                }
            }
        }
        Self { entries }
    }

    /// The same with the operation that does several of them as one, where any of them changes something.
    pub(crate) fn with_batch(self) -> Self {
        let is_member = |entry: &Arc<Entry>| matches!(entry.operation, Operation::InTransaction(_));
        let members: BTreeMap<_, _> = self
            .entries
            .iter()
            .filter(|(_, entry)| is_member(entry))
            .map(|(name, entry)| (name.clone(), entry.clone()))
            .collect();
        if members.values().all(|entry| entry.operation.definition().effect == Effect::Read) {
            return self;
        }
        let batch = Self::new([Operation::InTransaction(Arc::new(Batch::new(members)))]);
        let mut entries = self.entries;
        entries.extend(batch.entries);
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
        self.entries.get(name).filter(|_| scope.allows(name)).map(Arc::as_ref)
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
        entry.check(arguments)?;
        Ok(&entry.operation)
    }
}
