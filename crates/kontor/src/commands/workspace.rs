//! `kontor workspace`.

use kontor_core::caller::Operator;
use kontor_identity::NewWorkspace;

use crate::{cli::Workspace, config::Config, error::Error, terminal, wiring::Services};

pub(crate) async fn run(config: Config, command: Workspace) -> Result<(), Error> {
    let services = Services::open_beside(&config).await?;
    let Workspace::Add { name, email, admin } = command;
    let operator = Operator::of_this_installation();
    if services.identity.workspaces(operator).await?.iter().any(|workspace| workspace.name == name) {
        return Err(Error::Usage(format!("there is a workspace {name:?} already")));
    }
    let password = terminal::password(&email)?;
    let new = NewWorkspace { name: name.clone(), admin_name: admin, email: email.clone(), password };
    let (workspace, _) = services.identity.create_workspace(operator, new).await?;
    services.store.close().await;
    terminal::line(&format!(
        "The workspace {name:?} ({workspace}) is ready; {email} can sign in as its Admin."
    ));
    Ok(())
}
