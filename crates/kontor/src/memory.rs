//! What memory the operating system gives this process.

/// Asks for pages of the usual size alone. The allocator would take huge ones, and a quarter of an idle server's
/// memory was then the untouched parts of them; turns were not faster with them.
#[cfg(target_os = "linux")]
pub(crate) fn refuse_huge_pages() {
    if let Err(error) = rustix::thread::disable_transparent_huge_pages(true) {
        tracing::debug!(%error, "huge pages could not be refused");
    }
}

/// Other systems give them to nobody who does not ask.
#[cfg(not(target_os = "linux"))]
pub(crate) fn refuse_huge_pages() {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #[test]
    fn huge_pages_are_refused() {
        super::refuse_huge_pages();
        assert!(rustix::thread::transparent_huge_pages_are_disabled().unwrap());
    }
}
