//! `kontor user`.

use kontor_core::caller::{Caller, Operator};
use kontor_identity::{MemberStatus, NewMember};

use crate::{cli::User, config::Config, error::Error, terminal, wiring::Services};

pub(crate) async fn run(config: Config, command: User) -> Result<(), Error> {
    let services = Services::open_beside(&config).await?;
    let done = match command {
        User::Add { email, name, role, workspace } => {
            let (operator, workspace) = chosen(&services, workspace.as_deref()).await?;
            let password = terminal::password(&email)?;
            let member = NewMember { name, email: email.clone(), role: role.clone(), password };
            services.identity.add_member(&operator, member).await?;
            terminal::line(&format!("{email} can sign in to {workspace:?} as {role}."));
            Ok(())
        }
        User::List { workspace } => {
            let (operator, _) = chosen(&services, workspace.as_deref()).await?;
            for member in services.identity.members(&operator).await? {
                let status = if member.status == MemberStatus::Active { "" } else { ", inactive" };
                terminal::line(&format!("{} <{}>: {}{status}", member.name, member.email, member.role));
            }
            Ok(())
        }
        User::Deactivate { email, workspace } => {
            set_status(&services, &email, workspace.as_deref(), MemberStatus::Inactive).await
        }
        User::Activate { email, workspace } => {
            set_status(&services, &email, workspace.as_deref(), MemberStatus::Active).await
        }
    };
    services.store.close().await;
    done
}

async fn set_status(
    services: &Services,
    email: &str,
    workspace: Option<&str>,
    status: MemberStatus,
) -> Result<(), Error> {
    let (operator, workspace) = chosen(services, workspace).await?;
    let members = services.identity.members(&operator).await?;
    let Some(member) = members.iter().find(|member| member.email.to_lowercase() == email.to_lowercase())
    else {
        return Err(Error::Usage(format!("{email} is no member of {workspace:?}")));
    };
    services.identity.set_member_status(&operator, member.id, status).await?;
    let may = if status == MemberStatus::Active { "can" } else { "cannot" };
    terminal::line(&format!("{} {may} sign in to {workspace:?} and act in it.", member.email));
    Ok(())
}

/// The operator in the workspace of this name or id, or in the only one, and its name.
async fn chosen(services: &Services, wanted: Option<&str>) -> Result<(Caller, String), Error> {
    let operator = Operator::of_this_installation();
    let workspaces = services.identity.workspaces(operator).await?;
    let chosen = match (wanted, workspaces.as_slice()) {
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
            .find(|workspace| workspace.name == wanted || workspace.id.to_string() == wanted)
            .ok_or_else(|| Error::Usage(format!("there is no workspace {wanted:?}")))?,
    };
    Ok((operator.in_workspace(chosen.id), chosen.name.clone()))
}
