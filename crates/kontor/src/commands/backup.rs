//! `kontor backup` and `kontor restore`.

use std::path::Path;

use kontor_store::{DataDirLock, Store};

use crate::{config::Config, error::Error, secret, terminal};

/// Copies the data while a server may be using it: no lock is taken.
pub(crate) async fn back_up(config: Config, to: &Path) -> Result<(), Error> {
    let data_dir = config.data_dir.clone();
    Store::backup(&config.store(), to, move |copy| secret::copy(&data_dir, copy)).await?;
    terminal::line(&format!("The data in {} was copied to {}.", config.data_dir.display(), to.display()));
    if config.secret.is_some() {
        terminal::line(
            "KONTOR_SECRET is not in the copy: keep it, a server does not open the data without it.",
        );
    }
    Ok(())
}

/// Puts a copy back where no data is. One that was cut short can be run again.
pub(crate) async fn restore(config: Config, from: &Path) -> Result<(), Error> {
    let _lock = DataDirLock::acquire(&config.data_dir)?;
    Store::restore(&config.store(), from, || secret::copy(from, &config.data_dir))?;
    terminal::line(&format!("The backup {} was put into {}.", from.display(), config.data_dir.display()));
    Ok(())
}
