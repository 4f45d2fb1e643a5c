//! Files that are read up to a size, and files that are opened before anything is run.

use std::{
    fs::{File, OpenOptions},
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

use crate::error::Error;

/// Bytes of a prompt.
pub(super) const PROMPT: u64 = 1 << 20;
/// Bytes of a dataset, or of a fixture.
pub(super) const DATASET: u64 = 16 << 20;
/// Bytes of a cassette.
pub(super) const CASSETTE: u64 = 512 << 20;
/// Bytes of a run's result.
pub(super) const RESULT: u64 = 512 << 20;

/// A text of at most so many bytes; or why there is none.
pub(super) fn read(path: &Path, most: u64) -> Result<String, String> {
    let mut text = String::new();
    let file = File::open(path).map_err(|error| error.to_string())?;
    file.take(most + 1).read_to_string(&mut text).map_err(|error| error.to_string())?;
    if text.len() as u64 > most {
        return Err(format!("it is larger than {} MB", most >> 20));
    }
    Ok(text)
}

/// As [`read`], with the path beside what is wrong.
pub(super) fn text(path: &Path, most: u64) -> Result<String, Error> {
    read(path, most).map_err(|told| Error::Unreadable(format!("{}: {told}", path.display())))
}

/// A file that is written when a run has ended. It is opened before, so that a wrong path costs no run; what stood there
/// stays until then.
pub(super) struct Output {
    path: PathBuf,
    file: File,
}

impl Output {
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let opened = OpenOptions::new().write(true).create(true).truncate(false).open(path);
        let wrong = |error| Error::Unreadable(format!("{} cannot be written: {error}", path.display()));
        Ok(Self { path: path.to_owned(), file: opened.map_err(wrong)? })
    }

    pub(super) fn write(mut self, text: &[u8]) -> Result<(), Error> {
        // A terminal or a pipe has no length.
        let emptied = match self.file.metadata() {
            Ok(metadata) if metadata.is_file() => self.file.set_len(0),
            _ => Ok(()),
        };
        let written = emptied.and_then(|()| self.file.write_all(text));
        written.map_err(Error::io(format!("{} cannot be written", self.path.display())))
    }
}
