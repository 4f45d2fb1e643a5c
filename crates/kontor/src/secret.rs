//! The master secret: from the settings, or made once and kept in the data folder for its owner alone.

use std::{
    fs,
    io::{self, ErrorKind, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use kontor_core::{environment::Environment, text::hex};
use kontor_identity::MasterSecret;

use crate::{config::Config, error::Error};

/// The file in the data folder.
const FILE: &str = "secret";
/// What it is called until it is whole.
const PARTIAL: &str = "secret.partial";

/// The secret that signing keys and cookies depend on, and whether it was made just now.
///
/// # Errors
/// When the file can neither be read nor made.
pub(crate) fn load(config: &Config, environment: &Environment) -> Result<(MasterSecret, bool), Error> {
    if let Some(secret) = &config.secret {
        return Ok((MasterSecret::new(secret.0.clone().into_bytes()), false));
    }
    let path = config.data_dir.join(FILE);
    let failed =
        |source| Error::Io { what: format!("the secret in {} cannot be kept", path.display()), source };
    match fs::read_to_string(&path) {
        Ok(text) if text.trim().len() >= 32 => {
            Ok((MasterSecret::new(text.trim().as_bytes().to_vec()), false))
        }
        Ok(_) => {
            let message = format!("{} does not hold a secret of at least 32 characters", path.display());
            Err(Error::Usage(message))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let secret = hex(&environment.random::<32>());
            keep(&config.data_dir, format!("{secret}\n").as_bytes()).map_err(failed)?;
            Ok((MasterSecret::new(secret.into_bytes()), true))
        }
        Err(error) => Err(failed(error)),
    }
}

/// What to say where there was no secret although data was made with one. The one that was made in its place is
/// removed, so that the right one can be put there.
pub(crate) fn missing(config: &Config) -> Error {
    let path = config.data_dir.join(FILE);
    if let Err(source) = fs::remove_file(&path) {
        return Error::Io {
            what: format!("the wrong secret in {} cannot be removed", path.display()),
            source,
        };
    }
    Error::Usage(format!(
        "the secret that the data was made with is missing: {} does not exist; restore it from a backup, or set \
         KONTOR_SECRET to it",
        path.display()
    ))
}

/// Copies the secret of one data folder or backup to another, where there is one.
pub(crate) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    match fs::read(from.join(FILE)) {
        Ok(secret) => keep(to, &secret),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Writes a folder's secret for its owner alone, whole or not at all: a start that is killed meanwhile must
/// not leave half a secret to the next.
fn keep(folder: &Path, secret: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let partial = folder.join(PARTIAL);
    match fs::remove_file(&partial) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&partial)?;
    file.write_all(secret).and_then(|()| file.sync_all())?;
    fs::rename(&partial, folder.join(FILE))?;
    fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn files(folder: &Path) -> Vec<(String, u32, String)> {
        let mut files: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| {
                let path = entry.unwrap().path();
                let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
                let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                (name, mode, fs::read_to_string(path).unwrap())
            })
            .collect();
        files.sort();
        files
    }

    #[test]
    fn half_a_secret_left_by_a_start_that_was_killed_is_in_nobodys_way() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(PARTIAL), "0123").unwrap();
        let config = Config { data_dir: folder.path().to_owned(), ..Config::default() };
        let environment = Environment::system();
        load(&config, &environment).unwrap();
        let made = files(folder.path());
        let [(name, mode, secret)] = &made[..] else { panic!("{made:?}") };
        assert_eq!((name.as_str(), mode), (FILE, &0o600));
        assert_eq!(secret.trim().len(), 64);
        load(&config, &environment).unwrap();
        assert_eq!(files(folder.path()), made, "a second start keeps the secret");
    }

    #[test]
    fn a_copied_secret_is_for_its_owner_alone() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        copy(from.path(), to.path()).unwrap();
        assert_eq!(files(to.path()), []);
        fs::write(from.path().join(FILE), "the secret").unwrap();
        fs::write(to.path().join(PARTIAL), "the").unwrap();
        copy(from.path(), to.path()).unwrap();
        assert_eq!(files(to.path()), [(FILE.to_owned(), 0o600, "the secret".to_owned())]);
    }
}
