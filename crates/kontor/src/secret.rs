//! The master secret: from the settings, or made once and kept in the data folder for its owner alone.

use std::{
    fs,
    io::{ErrorKind, Write as _},
    os::unix::fs::OpenOptionsExt as _,
};

use kontor_core::environment::Environment;
use kontor_identity::MasterSecret;

use crate::{config::Config, error::Error};

/// The file in the data folder.
pub(crate) const FILE: &str = "secret";

/// The secret that signing keys and cookies depend on.
///
/// # Errors
/// When the file can neither be read nor made.
pub(crate) fn load(config: &Config, environment: &Environment) -> Result<MasterSecret, Error> {
    if let Some(secret) = &config.secret {
        return Ok(MasterSecret::new(secret.0.clone().into_bytes()));
    }
    let path = config.data_dir.join(FILE);
    let failed =
        |source| Error::Io { what: format!("the secret in {} cannot be kept", path.display()), source };
    match fs::read_to_string(&path) {
        Ok(text) if text.trim().len() >= 32 => Ok(MasterSecret::new(text.trim().as_bytes().to_vec())),
        Ok(_) => {
            let message = format!("{} does not hold a secret of at least 32 characters", path.display());
            Err(Error::Usage(message))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let secret: String =
                environment.random::<32>().iter().map(|byte| format!("{byte:02x}")).collect();
            fs::create_dir_all(&config.data_dir).map_err(failed)?;
            let mut file = fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&path)
                .map_err(failed)?;
            writeln!(file, "{secret}").and_then(|()| file.sync_all()).map_err(failed)?;
            Ok(MasterSecret::new(secret.into_bytes()))
        }
        Err(error) => Err(failed(error)),
    }
}
