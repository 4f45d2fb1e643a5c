//! `kontor user`.

use kontor_identity::NewMember;

use crate::{cli::User, config::Config, error::Error, terminal, wiring::Services};

pub(crate) async fn run(config: Config, command: User) -> Result<(), Error> {
    let services = Services::open_beside(&config).await?;
    let User::Add { email, name, role, workspace } = command;
    let workspaces = services.identity.workspaces().await?;
    let chosen = match (&workspace, workspaces.as_slice()) {
        (_, []) => return Err(Error::Usage("there is no workspace yet: start the server once".to_owned())),
        (None, [only]) => only,
        (None, _) => {
            let names: Vec<_> = workspaces.iter().map(|workspace| workspace.name.as_str()).collect();
            return Err(Error::Usage(format!(
                "there are several workspaces, name one with --workspace: {}",
                names.join(", ")
            )));
        }
        (Some(wanted), all) => all
            .iter()
            .find(|workspace| workspace.name == *wanted || workspace.id.to_string() == *wanted)
            .ok_or_else(|| Error::Usage(format!("there is no workspace {wanted:?}")))?,
    };
    let password = terminal::password(&email)?;
    let member = NewMember { name, email: email.clone(), role: role.clone(), password };
    services.identity.add_member(chosen.id, member).await?;
    services.store.close().await;
    terminal::line(&format!("{email} can sign in to {:?} as {role}.", chosen.name));
    Ok(())
}
