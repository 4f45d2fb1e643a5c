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

/// Copies a data folder's files to `to`, which must be empty or missing, and what `beside` puts beside them into
/// the folder it is given. The copy appears under its name when it is whole.
pub(crate) fn copy(
    data_dir: &Path,
    to: &Path,
    beside: impl FnOnce(&Path) -> std::io::Result<()>,
) -> Result<(), Error> {
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
    beside(&partial).map_err(|source| Error::folder(&partial, "the backup cannot be completed", source))?;
    if to.exists() {
        fs::remove_dir(to).map_err(|source| Error::folder(to, "cannot be replaced", source))?;
    }
    fs::rename(&partial, to).map_err(|source| Error::folder(to, "the backup cannot be put in place", source))
}

/// What a restore puts together beside the data before it puts it in place.
const RESTORING: &str = "restore.partial";

/// Puts the files of a backup into a data folder without data, `beside` before the last of them. Until the
/// directory is there, which comes last, what a restore that was cut short has left is no data.
pub(crate) fn restore(
    from: &Path,
    data_dir: &Path,
    beside: impl FnOnce() -> std::io::Result<()>,
) -> Result<(), Error> {
    let directory = folder::directory_file(from);
    if !directory.exists() {
        return Err(Error::Backup(format!("{} holds no backup", from.display())));
    }
    let partial = data_dir.join(RESTORING);
    let was_cut_short = partial.exists();
    let target = folder::workspaces_folder(data_dir);
    let has_data = folder::directory_file(data_dir).exists()
        || !was_cut_short && !folder::workspace_files(data_dir)?.is_empty();
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
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::folder(path, "the backup cannot be put in place", source)
    };
    for left in [&partial, &target] {
        if left.exists() {
            fs::remove_dir_all(left).map_err(failed(left))?;
        }
    }
    folder::prepare(&folder::workspaces_folder(&partial))?;
    for file in &workspaces {
        if let Some(name) = file.file_name() {
            copy_file(file, &folder::workspaces_folder(&partial).join(name))?;
        }
    }
    copy_file(&directory, &folder::directory_file(&partial))?;
    fs::rename(folder::workspaces_folder(&partial), &target).map_err(failed(&target))?;
    beside().map_err(failed(data_dir))?;
    folder::make_file(&folder::restored_mark(data_dir))?;
    let last = folder::directory_file(data_dir);
    fs::rename(folder::directory_file(&partial), &last).map_err(failed(&last))?;
    fs::remove_dir(&partial).map_err(failed(&partial))
}

/// Fails where a restore was cut short: data that is made there now would keep it from being run again.
pub(crate) fn refuse_half_restored(data_dir: &Path) -> Result<(), Error> {
    if data_dir.join(RESTORING).exists() && !folder::directory_file(data_dir).exists() {
        let reason = format!("a restore into {} was cut short; run it again", data_dir.display());
        return Err(Error::Backup(reason));
    }
    Ok(())
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
    folder::make_file(to)?;
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
