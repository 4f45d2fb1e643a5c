//! Moments between two durable writes at which a test has the process die. There are none in release builds.

use std::sync::LazyLock;

/// The variable that names the moment.
pub const VARIABLE: &str = "KONTOR_TEST_KILL_AT";

static WANTED: LazyLock<Option<String>> = LazyLock::new(|| std::env::var(VARIABLE).ok());

/// Ends the process at the moment that the variable names, as `kill -9` would: nothing is put in order before.
pub fn reach(point: &str) {
    if WANTED.as_deref() == Some(point) {
        std::process::abort();
    }
}

/// Has the process die here where a test wants it.
#[macro_export]
macro_rules! kill_point {
    ($point:literal) => {
        #[cfg(debug_assertions)]
        $crate::kill_point::reach($point);
    };
}
