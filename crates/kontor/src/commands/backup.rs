//! `kontor backup` and `kontor restore`.

use std::path::Path;

use kontor_core::environment::Environment;
use kontor_store::{DataDirLock, Store};

use crate::{config::Config, error::Error, terminal};

/// Copies the data while a server may be using it: no lock is taken.
pub(crate) async fn back_up(config: Config, to: &Path) -> Result<(), Error> {
    let store = Store::open(config.store(), Environment::system()).await?;
    let copied = store.backup(to).await;
    store.close().await;
    copied?;
    terminal::line(&format!("The data in {} was copied to {}.", config.data_dir.display(), to.display()));
    Ok(())
}

/// Puts a copy back where no data is.
pub(crate) async fn restore(config: Config, from: &Path) -> Result<(), Error> {
    let _lock = DataDirLock::acquire(&config.data_dir)?;
    Store::restore(from, &config.data_dir)?;
    terminal::line(&format!("The backup {} was put into {}.", from.display(), config.data_dir.display()));
    Ok(())
}
