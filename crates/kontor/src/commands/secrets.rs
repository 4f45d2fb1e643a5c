//! `kontor secrets`.

use kontor_core::caller::Operator;

use crate::{cli::Secrets, config::Config, error::Error, terminal, wiring::Services};

pub(crate) async fn run(config: Config, command: Secrets) -> Result<(), Error> {
    let Secrets::Rotate = command;
    let services = Services::open_beside(&config).await?;
    let rotation = services.identity.rotate_sealing_key(Operator::of_this_installation()).await?;
    services.store.close().await;
    terminal::line(&format!(
        "Secrets sealed anew: {}, with version {} of the key.",
        rotation.resealed, rotation.version
    ));
    Ok(())
}
