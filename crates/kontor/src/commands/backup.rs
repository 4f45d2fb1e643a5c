//! `kontor backup` and `kontor restore`.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use kontor_store::{DataDirLock, Store};

use crate::{config::Config, error::Error, secret, terminal};

/// Copies the data while a server may be using it: no lock is taken.
pub(crate) async fn back_up(config: Config, to: &Path) -> Result<(), Error> {
    Store::backup(&config.store(), to).await?;
    copy_secret(&config.data_dir, to)?;
    terminal::line(&format!("The data in {} was copied to {}.", config.data_dir.display(), to.display()));
    if config.secret.is_some() {
        terminal::line(
            "KONTOR_SECRET is not in the copy: without it nobody stays signed in after a restore.",
        );
    }
    Ok(())
}

/// Puts a copy back where no data is.
pub(crate) async fn restore(config: Config, from: &Path) -> Result<(), Error> {
    let _lock = DataDirLock::acquire(&config.data_dir)?;
    Store::restore(from, &config.data_dir)?;
    copy_secret(from, &config.data_dir)?;
    terminal::line(&format!("The backup {} was put into {}.", from.display(), config.data_dir.display()));
    Ok(())
}

/// Copies the file of the master secret, where there is one, for its owner alone.
fn copy_secret(from: &Path, to: &Path) -> Result<(), Error> {
    let (from, to) = (from.join(secret::FILE), to.join(secret::FILE));
    if !from.is_file() {
        return Ok(());
    }
    let failed = || Error::io(format!("the secret could not be copied to {}", to.display()));
    fs::copy(&from, &to).map_err(failed())?;
    fs::set_permissions(&to, fs::Permissions::from_mode(0o600)).map_err(failed())
}
