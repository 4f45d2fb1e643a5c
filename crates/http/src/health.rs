//! How the server itself is: which of its services are down, and whether its log can be written.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// How the server is at the moment. Cloning is cheap, and all clones tell the same.
#[derive(Debug, Clone)]
pub struct Health(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    down: Mutex<BTreeSet<&'static str>>,
    dropped_log_lines: fn() -> u64,
}

impl Health {
    /// `dropped_log_lines` tells how many lines of the log could not be written since the start.
    pub fn new(dropped_log_lines: fn() -> u64) -> Self {
        Self(Arc::new(Inner { down: Mutex::default(), dropped_log_lines }))
    }

    /// How many lines of the log could not be written since the start.
    pub fn dropped_log_lines(&self) -> u64 {
        (self.0.dropped_log_lines)()
    }

    /// A service ended that should go on, and is not yet at work again.
    pub fn down(&self, service: &'static str) {
        self.services().insert(service);
    }

    /// A service is at work.
    pub fn up(&self, service: &'static str) {
        self.services().remove(service);
    }

    /// The names of the services that are down, in alphabetical order.
    pub fn services_down(&self) -> Vec<&'static str> {
        self.services().iter().copied().collect()
    }

    fn services(&self) -> MutexGuard<'_, BTreeSet<&'static str>> {
        self.0.down.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_down_from_its_end_until_it_is_at_work_again() {
        let health = Health::new(|| 0);
        assert!(health.services_down().is_empty());
        health.clone().down("upkeep");
        health.down("agents");
        assert_eq!(health.services_down(), ["agents", "upkeep"]);
        health.up("upkeep");
        health.up("agents");
        assert!(health.services_down().is_empty());
    }
}
