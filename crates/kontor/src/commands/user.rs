//! `kontor user`.

use kontor_core::caller::{Caller, Operator};
use kontor_identity::{MemberPatch, MemberStatus, MemberSummary, NewInvitation, NewMember};

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
        User::Invite { email, name, role, workspace } => {
            let (operator, workspace) = chosen(&services, workspace.as_deref()).await?;
            let new = NewInvitation { email, role, name };
            let invited = services.identity.invite(&operator, new).await?;
            let (invitation, link) = (invited.invitation, invited.token.as_str());
            terminal::line(&format!(
                "{} joins {workspace:?} as {} by this link, until {}:",
                invitation.email, invitation.role, invitation.expires_at
            ));
            terminal::line(&format!("{}/invitations/{link}", config.url(config.listen)));
            Ok(())
        }
        User::Role { email, role, workspace } => {
            let (operator, workspace) = chosen(&services, workspace.as_deref()).await?;
            let member = member(&services, &operator, &email, &workspace).await?;
            let patch = MemberPatch { role: Some(role), ..MemberPatch::default() };
            let changed = services.identity.change_member(&operator, member.id, patch, None).await?;
            terminal::line(&format!("{} is {} in {workspace:?}.", changed.email, changed.role));
            Ok(())
        }
        User::ResetLink { email, workspace } => {
            let (operator, workspace) = chosen(&services, workspace.as_deref()).await?;
            let member = member(&services, &operator, &email, &workspace).await?;
            let made = services.identity.make_reset_link(&operator, member.id).await?;
            terminal::line(&format!(
                "{} sets a new password by this link, until {}:",
                member.email, made.expires_at
            ));
            terminal::line(&format!("{}/reset/{}", config.url(config.listen), made.token));
            Ok(())
        }
        User::Deactivate { email, hand_over_to, workspace } => {
            let heir = hand_over_to.as_deref();
            set_status(&services, &email, workspace.as_deref(), MemberStatus::Inactive, heir).await
        }
        User::Activate { email, workspace } => {
            set_status(&services, &email, workspace.as_deref(), MemberStatus::Active, None).await
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
    heir: Option<&str>,
) -> Result<(), Error> {
    let (operator, workspace) = chosen(services, workspace).await?;
    let found = member(services, &operator, email, &workspace).await?;
    let heir = match heir {
        Some(email) => Some(member(services, &operator, email, &workspace).await?),
        None => None,
    };
    let patch = MemberPatch {
        status: Some(status),
        hand_over_to: heir.as_ref().map(|heir| heir.id),
        ..MemberPatch::default()
    };
    services.agents.change_member(&operator, found.id, patch).await?;
    let may = if status == MemberStatus::Active { "can" } else { "cannot" };
    terminal::line(&format!("{} {may} sign in to {workspace:?} and act in it.", found.email));
    if let Some(heir) = heir {
        terminal::line(&format!("The server hands their records over to {}.", heir.email));
    }
    Ok(())
}

/// The member with this mail address.
async fn member(
    services: &Services,
    operator: &Caller,
    email: &str,
    workspace: &str,
) -> Result<MemberSummary, Error> {
    let members = services.identity.members(operator).await?;
    let found = members.into_iter().find(|member| member.email.to_lowercase() == email.to_lowercase());
    found.ok_or_else(|| Error::Usage(format!("{email} is no member of {workspace:?}")))
}

/// The operator in the workspace of this name or id, or in the only one, and its name.
pub(crate) async fn chosen(services: &Services, wanted: Option<&str>) -> Result<(Caller, String), Error> {
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
