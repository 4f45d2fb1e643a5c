//! Consistent copies of SQLite files while they are in use, and putting them back.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::backup::{Backup, StepResult};

use crate::{
    Error, folder,
    sqlite::{self, Role, Session},
};

/// How often and how soon a copy is tried again while another program locks the file.
const ATTEMPTS: u32 = 100;
const PAUSE: Duration = Duration::from_millis(50);

/// Copies a data folder's files to `to`, which must be empty or missing. The copy appears under its name when
/// it is whole.
pub(crate) fn copy(data_dir: &Path, to: &Path) -> Result<(), Error> {
    if !folder::directory_file(data_dir).exists() {
        return Err(Error::Backup(format!("{} holds no data", data_dir.display())));
    }
    if !is_empty(to)? {
        return Err(Error::Backup(format!("{} is not empty; choose another folder", to.display())));
    }
    let mut name = to.as_os_str().to_owned();
    name.push(".partial");
    let partial = PathBuf::from(name);
    if partial.exists() {
        fs::remove_dir_all(&partial)
            .map_err(|source| Error::folder(&partial, "cannot be removed", source))?;
    }
    folder::prepare(&folder::workspaces_folder(&partial))?;
    // The directory first: a workspace made meanwhile is then a file too many, never one that is missing.
    copy_file(&folder::directory_file(data_dir), &folder::directory_file(&partial))?;
    for file in folder::workspace_files(data_dir)? {
        if let Some(name) = file.file_name() {
            copy_file(&file, &folder::workspaces_folder(&partial).join(name))?;
        }
    }
    if to.exists() {
        fs::remove_dir(to).map_err(|source| Error::folder(to, "cannot be replaced", source))?;
    }
    fs::rename(&partial, to).map_err(|source| Error::folder(to, "the backup cannot be put in place", source))
}

/// Puts the files of a backup into a data folder without data.
pub(crate) fn restore(from: &Path, data_dir: &Path) -> Result<(), Error> {
    let directory = folder::directory_file(from);
    if !directory.exists() {
        return Err(Error::Backup(format!("{} holds no backup", from.display())));
    }
    let has_data =
        folder::directory_file(data_dir).exists() || !folder::workspace_files(data_dir)?.is_empty();
    if has_data {
        return Err(Error::Backup(format!(
            "{} holds data already; restore into an empty folder",
            data_dir.display()
        )));
    }
    let workspaces = folder::workspace_files(from)?;
    for file in workspaces.iter().chain([&directory]) {
        verify(file)?;
    }
    folder::prepare(&folder::workspaces_folder(data_dir))?;
    for file in &workspaces {
        if let Some(name) = file.file_name() {
            copy_file(file, &folder::workspaces_folder(data_dir).join(name))?;
        }
    }
    // Last: until it is there, the folder counts as one without data that names the workspaces.
    copy_file(&directory, &folder::directory_file(data_dir))
}

/// Fails when a file is damaged.
pub(crate) fn verify(path: &Path) -> Result<(), Error> {
    let mut session = Session::open(path, Role::Reader, false)?;
    let connection = session.connection();
    let answer: String =
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(sqlite::describe)?;
    if answer == "ok" {
        Ok(())
    } else {
        Err(Error::Backup(format!("{} is damaged: {answer}", path.display())))
    }
}

/// Copies one file in a single step, which reads one snapshot and keeps no writer waiting.
fn copy_file(from: &Path, to: &Path) -> Result<(), Error> {
    let mut source = Session::open(from, Role::Reader, false)?;
    let mut target = rusqlite::Connection::open(to).map_err(sqlite::describe)?;
    let backup = Backup::new(source.connection(), &mut target).map_err(sqlite::describe)?;
    for _ in 0..ATTEMPTS {
        if backup.step(-1).map_err(sqlite::describe)? == StepResult::Done {
            return Ok(());
        }
        std::thread::sleep(PAUSE);
    }
    Err(Error::unavailable(format!("{} is locked by another program", from.display())))
}

fn is_empty(path: &Path) -> Result<bool, Error> {
    match fs::read_dir(path) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(Error::folder(path, "the folder cannot be read", error)),
    }
}
