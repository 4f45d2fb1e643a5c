//! The data folder: making it, and keeping two servers apart.

use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
};

use kontor_core::ids::WorkspaceId;

use crate::{Error, migrations::Subject};

/// The lock on a data folder, held until it is dropped or the process ends.
pub struct DataDirLock {
    _file: File,
}

impl DataDirLock {
    /// Makes the folder where it is missing (for its owner alone) and locks it.
    pub fn acquire(data_dir: &Path) -> Result<Self, Error> {
        prepare(data_dir)?;
        let path = data_dir.join("kontor.lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|source| Error::folder(data_dir, "the data folder is not writable", source))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Error::Locked { path: data_dir.to_owned() }),
            Err(TryLockError::Error(source)) => {
                Err(Error::folder(data_dir, "the data folder cannot be locked", source))
            }
        }
    }
}

/// Makes a folder and those above it where they are missing, for its owner alone.
pub(crate) fn prepare(folder: &Path) -> Result<(), Error> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(folder).map_err(|source| Error::folder(folder, "the data folder cannot be made", source))
}

/// Makes an empty file for its owner alone, where there is none: whoever made the folder may have left it
/// open to others. SQLite gives the files it puts beside this one the same mode.
pub(crate) fn make_file(path: &Path) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let made = options.open(path);
    made.map(drop).map_err(|source| Error::folder(path, "the file cannot be made", source))
}

pub(crate) fn directory_file(data_dir: &Path) -> PathBuf {
    data_dir.join("directory.sqlite")
}

pub(crate) fn workspaces_folder(data_dir: &Path) -> PathBuf {
    data_dir.join("workspaces")
}

pub(crate) fn workspace_file(data_dir: &Path, id: WorkspaceId) -> PathBuf {
    workspaces_folder(data_dir).join(format!("{id}.sqlite"))
}

/// The file that says that the data was restored from a backup and not looked at since.
pub(crate) fn restored_mark(data_dir: &Path) -> PathBuf {
    data_dir.join("restored")
}

/// Removes a database that nobody has open, with what SQLite keeps beside it.
pub(crate) fn remove_database(path: &Path) -> Result<(), Error> {
    for beside in ["-wal", "-shm", ""] {
        let mut file = path.as_os_str().to_owned();
        file.push(beside);
        remove_file(Path::new(&file))?;
    }
    Ok(())
}

/// Removes a file. Succeeds when there is none.
pub(crate) fn remove_file(path: &Path) -> Result<(), Error> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::folder(path, "the file cannot be removed", error))
        }
        _ => Ok(()),
    }
}

/// The files of workspaces in a data folder or a backup, in the order of their names.
pub(crate) fn workspace_files(data_dir: &Path) -> Result<Vec<PathBuf>, Error> {
    let folder = workspaces_folder(data_dir);
    let unreadable = |source| Error::folder(&folder, "the folder cannot be read", source);
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "sqlite") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Whether files of workspaces lie in a data folder.
pub(crate) fn has_workspaces(data_dir: &Path) -> Result<bool, Error> {
    Ok(workspace_files(data_dir)?.iter().any(|file| workspace_of(file).is_some()))
}

/// That a file which holds data is not there, or not as it should be; `how` is to follow what it is called.
pub(crate) fn missing(path: &Path, how: &str) -> Error {
    let place = path.display().to_string();
    Subject { id: workspace_of(path), place, is_expected: true }.missing(how)
}

/// The workspace whose file this is, by its name.
pub(crate) fn workspace_of(file: &Path) -> Option<WorkspaceId> {
    file.file_stem()?.to_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_server_is_kept_out_until_the_first_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let first = DataDirLock::acquire(folder.path()).unwrap();
        let refused = DataDirLock::acquire(folder.path()).err().unwrap().to_string();
        assert!(refused.contains("in use by another Kontor server"), "{refused}");
        drop(first);
        DataDirLock::acquire(folder.path()).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_new_data_folder_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap().path().join("a/b");
        prepare(&folder).unwrap();
        assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[cfg(unix)]
    #[test]
    fn the_files_of_a_database_are_for_their_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("directory.sqlite");
        let session = crate::sqlite::Session::open(&path, crate::sqlite::Role::Writer, true).unwrap();
        session.batch("CREATE TABLE t (a INTEGER)").unwrap();
        for file in std::fs::read_dir(folder.path()).unwrap() {
            let file = file.unwrap();
            let mode = file.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", file.path().display());
        }
    }

    #[test]
    fn a_data_folder_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let error = DataDirLock::acquire(&file.join("data")).err().unwrap().to_string();
        assert!(error.contains("file/data"), "{error}");
    }
}
