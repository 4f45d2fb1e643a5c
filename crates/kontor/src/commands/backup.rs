//! `kontor backup` and `kontor restore`.

use std::path::Path;

use kontor_identity::registered_workspaces;
use kontor_store::{DataDirLock, Depth, Store};

use crate::{config::Config, error::Error, secret, terminal};

/// Copies the data while a server may be using it: no lock is taken. What can be copied is copied; what is missing
/// or damaged is then told as a failure.
pub(crate) async fn back_up(config: Config, to: &Path) -> Result<(), Error> {
    let data_dir = config.data_dir.clone();
    let checks = Store::inspect(&config.store(), Depth::Schema, Some(registered_workspaces)).await?;
    Store::backup(&config.store(), to, move |copy| secret::copy(&data_dir, copy)).await?;
    terminal::line(&format!("The data in {} was copied to {}.", config.data_dir.display(), to.display()));
    if config.secret.is_some() {
        terminal::line(
            "KONTOR_SECRET is not in the copy: keep it, a server does not open the data without it.",
        );
    }
    let lost = checks.into_iter().filter(|check| check.is_lost);
    let lost: Vec<String> =
        lost.filter_map(|check| Some(format!("{}: {}", check.name, check.outcome.err()?))).collect();
    if lost.is_empty() {
        Ok(())
    } else {
        Err(Error::Usage(format!("the copy is not whole, as the data is not: {}", lost.join("; "))))
    }
}

/// Puts a copy back where no data is. One that was cut short can be run again.
pub(crate) async fn restore(config: Config, from: &Path) -> Result<(), Error> {
    let _lock = DataDirLock::acquire(&config.data_dir)?;
    Store::restore(&config.store(), from, || secret::copy(from, &config.data_dir))?;
    terminal::line(&format!("The backup {} was put into {}.", from.display(), config.data_dir.display()));
    Ok(())
}
