//! Moments between two durable writes at which a test has the process die. There are none in release builds.

/// Has the process die here, as `kill -9` would, where `KONTOR_TEST_KILL_AT` names this moment: nothing is put in order
/// before.
#[macro_export]
macro_rules! kill_point {
    ($point:literal) => {
        #[cfg(debug_assertions)]
        $crate::kill_point::reach($point);
    };
}

/// What [`kill_point!`](crate::kill_point!) calls.
#[cfg(debug_assertions)]
pub fn reach(point: &str) {
    use std::sync::LazyLock;

    static WANTED: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("KONTOR_TEST_KILL_AT").ok());

    if WANTED.as_deref() == Some(point) {
        std::process::abort();
    }
}
