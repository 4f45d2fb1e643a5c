//! Where throw-away workspaces lie: for each process a folder that it has locked as long as it lives, so that the next
//! one knows whose are left over.

use std::{fs, io, path::Path, path::PathBuf, sync::Arc};

use kontor_core::environment::Environment;
use kontor_store::DataDirLock;
use uuid::Uuid;

use super::Error;

/// The folder of this process.
pub(super) struct ProcessFolder {
    path: PathBuf,
    _lock: DataDirLock,
}

impl ProcessFolder {
    /// Removes what processes left that are gone, and makes a folder beneath `root`.
    pub(super) fn make(root: &Path, environment: &Environment) -> Result<Self, Error> {
        sweep(root);
        let path = root.join(environment.new_id::<Uuid>().to_string());
        let lock = DataDirLock::acquire(&path)?;
        Ok(Self { path, _lock: lock })
    }

    /// A folder in it that does not exist yet.
    pub(super) fn scratch(self: &Arc<Self>, environment: &Environment) -> Scratch {
        Scratch { path: self.path.join(environment.new_id::<Uuid>().to_string()), _within: self.clone() }
    }
}

impl Drop for ProcessFolder {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

/// A folder that is removed when this is dropped.
pub(super) struct Scratch {
    path: PathBuf,
    _within: Arc<ProcessFolder>,
}

impl Scratch {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Fills another folder, which does not exist yet, with what is in this one.
    pub(super) fn copy_to(&self, other: &Self) -> io::Result<()> {
        copy(&self.path, &other.path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

/// Removes the folders that no process has locked.
pub(super) fn sweep(root: &Path) {
    let Ok(entries) = fs::read_dir(root) else { return };
    for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
        // Held while it is removed, so that nobody takes it meanwhile.
        if let Ok(_lock) = DataDirLock::acquire(&path) {
            tracing::info!(path = %path.display(), "removing throw-away workspaces that a process left");
            remove(&path);
        }
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    fs::set_permissions(to, fs::metadata(from)?.permissions())?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn remove(path: &Path) {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(path = %path.display(), %error, "a throw-away workspace could not be removed");
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_process_left_is_removed_by_the_next_and_what_one_uses_is_not() {
        let root = tempfile::tempdir().unwrap();
        let environment = Environment::system();
        let alive = Arc::new(ProcessFolder::make(root.path(), &environment).unwrap());
        let in_use = alive.scratch(&environment);
        fs::create_dir(in_use.path()).unwrap();
        let left = root.path().join("left");
        fs::create_dir_all(left.join("inside")).unwrap();
        let other = ProcessFolder::make(root.path(), &environment).unwrap();
        assert!(!left.exists());
        assert!(in_use.path().exists());
        drop(other);
        let path = alive.path.clone();
        drop((in_use, alive));
        assert!(!path.exists());
    }
}
