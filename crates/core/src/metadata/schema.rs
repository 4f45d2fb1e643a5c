use std::{collections::HashMap, sync::Arc};

use super::{Name, Object};

/// All objects of a workspace at one moment. Shared and never changed: a change of metadata makes a new one
/// with the next version.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    version: i64,
    objects: Vec<Arc<Object>>,
    by_name: HashMap<Name, usize>,
    by_plural: HashMap<Name, usize>,
}

impl Schema {
    pub fn new(version: i64, objects: Vec<Object>) -> Self {
        Self::of(version, objects.into_iter().map(Arc::new).collect())
    }

    pub(crate) fn of(version: i64, objects: Vec<Arc<Object>>) -> Self {
        let by_name = objects.iter().enumerate().map(|(i, object)| (object.name.clone(), i)).collect();
        let by_plural = objects.iter().enumerate().map(|(i, object)| (object.plural.clone(), i)).collect();
        Self { version, objects, by_name, by_plural }
    }

    /// Counts the changes of the workspace's metadata.
    pub fn version(&self) -> i64 {
        self.version
    }

    pub fn objects(&self) -> &[Arc<Object>] {
        &self.objects
    }

    pub fn object(&self, name: &str) -> Option<&Arc<Object>> {
        self.by_name.get(name).map(|index| &self.objects[*index])
    }

    pub fn object_by_plural(&self, plural: &str) -> Option<&Arc<Object>> {
        self.by_plural.get(plural).map(|index| &self.objects[*index])
    }
}
