//! Which server this is: an id made once and kept in the data folder, whose lock keeps two servers from
//! being the same. By it a server that was killed knows its own leases again.

use std::{fs, io::ErrorKind};

use kontor_core::environment::Environment;
use uuid::Uuid;

use crate::{config::Config, error::Error};

const FILE: &str = "node";

/// The server's id.
///
/// # Errors
/// When the file can neither be read nor made.
pub(crate) fn load(config: &Config, environment: &Environment) -> Result<Uuid, Error> {
    let path = config.data_dir.join(FILE);
    let failed =
        |source| Error::Io { what: format!("the server's id in {} cannot be kept", path.display()), source };
    match fs::read_to_string(&path) {
        Ok(text) => match Uuid::try_parse(text.trim()) {
            Ok(id) => Ok(id),
            // Torn by a crash while it was written: another id costs no more than leases that run out.
            Err(_) => write(environment, &path).map_err(failed),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => write(environment, &path).map_err(failed),
        Err(error) => Err(failed(error)),
    }
}

fn write(environment: &Environment, path: &std::path::Path) -> std::io::Result<Uuid> {
    let id: Uuid = environment.new_id();
    fs::write(path, format!("{id}\n"))?;
    Ok(id)
}
