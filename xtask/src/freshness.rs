//! `cargo xtask fresh`: files made from others are up to date.

use std::fs;

use crate::host;

/// Checks what is checked in beside its source.
pub(crate) fn run() -> Result<(), String> {
    lock_file()?;
    snapshots()
}

/// `Cargo.lock` fits the manifests.
fn lock_file() -> Result<(), String> {
    let mut command = host::cargo();
    command.args(["metadata", "--locked", "--format-version", "1"]).stdout(std::process::Stdio::null());
    host::run(&mut command).map_err(|_| "Cargo.lock is out of date: run cargo build and commit it".to_owned())
}

/// No snapshot waits for review.
fn snapshots() -> Result<(), String> {
    let mut folders = vec![host::root().join("crates")];
    while let Some(folder) = folders.pop() {
        for entry in
            fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?.flatten()
        {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "new") {
                return Err(format!("{} waits for review", path.display()));
            }
        }
    }
    Ok(())
}
