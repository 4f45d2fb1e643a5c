//! What can go wrong with people and authority.

use std::time::Duration;

use kontor_core::{
    error::{ErrorKind, Fault, Issue, Problem},
    grants::NotPermitted,
    time::Timestamp,
};

use crate::{OAuthFault, ProvisionError, WorkspaceSummary, roles::RoleHolders};

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Store(#[from] kontor_store::Error),
    #[error("the input is not valid")]
    Input(Vec<Issue>),
    /// The same for an account that does not exist and for a wrong password.
    #[error("the email or the password is wrong")]
    InvalidCredentials,
    /// A token or cookie that is unknown, forged, ended or expired.
    #[error("the token is not valid")]
    InvalidToken,
    #[error("the access token has expired")]
    ExpiredToken,
    #[error("the CSRF token is missing or wrong")]
    Csrf,
    #[error("signing in failed too often")]
    Throttled { wait: Duration },
    /// More people sign in at once than this server hashes passwords for.
    #[error("too many sign-ins at once")]
    Busy,
    /// The password was right, and the person belongs to several workspaces.
    #[error("a workspace has to be named")]
    WorkspaceRequired(Vec<WorkspaceSummary>),
    #[error("the user belongs to no such workspace")]
    NoMembership,
    #[error("the member is not active")]
    MemberInactive,
    #[error("there is no such member")]
    MemberNotFound,
    #[error("there is no such workspace")]
    WorkspaceNotFound,
    #[error("there is no user with this email")]
    UserNotFound,
    /// At an address.
    #[error("there is no role {name:?}")]
    RoleNotFound { name: String, near: String },
    /// In what was sent.
    #[error("there is no role {name:?}")]
    UnknownRole { name: String, near: String },
    /// Nobody makes, edits or gives a role that allows more than they may do.
    #[error("the role {name:?} allows more than the caller may do")]
    RoleBeyondCaller { name: String },
    #[error("the role is not valid")]
    InvalidRole(Vec<Issue>),
    #[error("the workspace has a role {name:?}")]
    RoleExists { name: String },
    #[error("the workspace has {most} roles")]
    TooManyRoles { most: usize },
    #[error("the role {name:?} is not changed")]
    RoleFixed { name: String },
    #[error("the role {name:?} is a standard one")]
    RoleStandard { name: String },
    #[error("the role {name:?} is no standard one")]
    RoleNotStandard { name: String },
    /// Somebody was faster.
    #[error("the role {name:?} is at version {version}")]
    RoleChanged { name: String, by: Option<String>, version: i64 },
    #[error("the role {name:?} is in use")]
    RoleInUse { name: String, by: Box<RoleHolders> },
    /// Nobody could manage members and roles any more.
    #[error("no active member would be left who may manage members and roles")]
    LastAdmin,
    #[error(transparent)]
    NotPermitted(#[from] NotPermitted),
    #[error("the workspace has a member with this email")]
    MemberExists,
    /// Somebody who has an account is not added without being asked.
    #[error("somebody with this email has an account")]
    AccountExists,
    /// A change was made of a version that there has never been.
    #[error("there is no version {version}: the latest is {latest}")]
    UnknownVersion { version: i64, latest: i64 },
    /// Another admin was faster.
    #[error("the member was changed meanwhile")]
    StaleMember { by: Option<String>, at: Option<Timestamp> },
    #[error("the member may do more than the caller")]
    MemberBeyondCaller,
    #[error("records of this member are being handed over")]
    HandOverUnderWay,
    /// A job is enqueued in a workspace that was not announced.
    #[error("the workspace was not announced")]
    NotAnnounced,
    /// In OAuth's words.
    #[error("{}: {}", .0.code, .0.description)]
    OAuth(OAuthFault),
    #[error("there is no such delegation")]
    DelegationNotFound,
    #[error("there is no such API key")]
    KeyNotFound,
    #[error("the API key has expired")]
    ExpiredKey,
    /// It may be used from some networks alone.
    #[error("the API key may not be used from this address")]
    KeyNotFromHere,
    #[error("the workspace has {most} API keys")]
    TooManyKeys { most: usize },
    /// No key, token or agent does this, whatever it may do otherwise.
    #[error("a person has to do this")]
    NotInPerson,
    #[error("there is no such invitation")]
    InvitationNotFound,
    #[error("the invitation is not valid")]
    InvalidInvitation,
    #[error("there is no such sign-in")]
    SignInNotFound,
    /// Of a password.
    #[error("the link is not valid")]
    InvalidResetLink,
    #[error("the user belongs to other workspaces too")]
    BelongsElsewhere,
    #[error("this is the caller's own account")]
    OwnAccount,
    #[error("another workspace has this name")]
    WorkspaceNameTaken,
    #[error("the first workspace exists")]
    AlreadySetUp,
    #[error("the setup link is not valid")]
    InvalidSetupToken,
    #[error("the master secret is shorter than {minimum} bytes")]
    SecretTooShort { minimum: usize },
    #[error("the secrets were sealed with another master secret")]
    OtherSecret,
    #[error("a sealed secret cannot be read: {0}")]
    Sealed(&'static str),
    #[error("a signing key cannot be used")]
    Key(#[source] jsonwebtoken::errors::Error),
    #[error("a password could not be hashed: {0}")]
    Hashing(String),
    #[error("the hashing of a password was lost")]
    Worker(#[from] tokio::task::JoinError),
    #[error("a role's grants cannot be read")]
    Grants(#[from] serde_json::Error),
    #[error(transparent)]
    Provision(#[from] ProvisionError),
}

impl Error {
    /// That a version which a change was made of is one that there is or was.
    pub(crate) fn unless_known(version: Option<i64>, latest: i64) -> Result<()> {
        match version {
            Some(version) if !(1..=latest).contains(&version) => {
                Err(Self::UnknownVersion { version, latest })
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn input(path: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self::Input(vec![Issue::new(path, code, message)])
    }
}

impl Fault for Error {
    fn problem(&self) -> Problem {
        use ErrorKind::{Conflict, Forbidden, Limited, NotFound, Unauthenticated, Unavailable};
        match self {
            Self::Store(error) => error.problem(),
            Self::Provision(error) => error.problem(),
            Self::Input(issues) => Problem::invalid(issues.clone()),
            Self::InvalidCredentials => {
                Problem::new(Unauthenticated, "invalid_credentials", "The email or the password is wrong.")
            }
            Self::InvalidToken => Problem::new(
                Unauthenticated,
                "invalid_token",
                "You are not signed in any more. Sign in again.",
            ),
            Self::ExpiredToken => Problem::new(
                Unauthenticated,
                "token_expired",
                "The access token has expired. Refresh it or sign in again.",
            ),
            Self::Csrf => Problem::new(
                Forbidden,
                "csrf_token_invalid",
                "The request does not carry this session's CSRF token. Reload the page and try again.",
            ),
            Self::Throttled { wait } => Problem::new(
                Limited,
                "too_many_attempts",
                format!("Signing in failed too often. Try again in {} s.", wait.as_secs().max(1)),
            )
            .retry_after(*wait),
            Self::Busy => Problem::new(
                Unavailable,
                "sign_in_busy",
                "Too many people sign in at the moment. Try again in a few seconds.",
            )
            .retry_after(Duration::from_secs(5)),
            Self::WorkspaceRequired(workspaces) => {
                let issues = workspaces.iter().map(|workspace| {
                    Issue::new("workspace", "option", format!("{} ({})", workspace.name, workspace.id))
                });
                let names: Vec<_> = workspaces.iter().map(|workspace| workspace.name.as_str()).collect();
                Problem {
                    issues: issues.collect(),
                    ..Problem::new(
                        Conflict,
                        "workspace_required",
                        format!("Say which workspace to sign in to: {}.", names.join(", ")),
                    )
                }
            }
            Self::NoMembership => {
                Problem::new(Forbidden, "no_membership", "You belong to no such workspace.")
            }
            Self::MemberInactive => Problem::new(
                Forbidden,
                "member_inactive",
                "This membership is not active any more. Ask an admin of the workspace.",
            ),
            Self::MemberNotFound => Problem::new(NotFound, "member_not_found", "There is no such member."),
            Self::WorkspaceNotFound => {
                Problem::new(NotFound, "workspace_not_found", "There is no such workspace.")
            }
            Self::UserNotFound => {
                Problem::new(NotFound, "user_not_found", "There is no user with this email.")
            }
            Self::RoleNotFound { name, near } => {
                Problem::new(NotFound, "role_not_found", no_role(name, near))
            }
            Self::UnknownRole { name, near } => {
                Problem::invalid(vec![Issue::new("role", "unknown_role", no_role(name, near))])
            }
            Self::RoleBeyondCaller { name } => Problem::new(
                Forbidden,
                "role_beyond_caller",
                format!(
                    "The role {name:?} allows more than you may do yourself, so you may not make, edit or give it."
                ),
            ),
            Self::InvalidRole(issues) => {
                Problem { code: "invalid_role".into(), ..Problem::invalid(issues.clone()) }
            }
            Self::RoleExists { name } => {
                Problem::new(Conflict, "role_exists", format!("There is a role {name:?} already."))
            }
            Self::TooManyRoles { most } => {
                Problem::new(Conflict, "too_many_roles", format!("A workspace has at most {most} roles."))
            }
            Self::RoleFixed { name } => Problem::new(
                Conflict,
                "role_fixed",
                format!(
                    "The role {name:?} allows everything and stays as it is. Copy it and change the copy."
                ),
            ),
            Self::RoleStandard { name } => Problem::new(
                Conflict,
                "role_standard",
                format!(
                    "The role {name:?} is one of the standard ones, which are changed or reset, not deleted."
                ),
            ),
            Self::RoleNotStandard { name } => Problem::new(
                Conflict,
                "role_not_standard",
                format!("The role {name:?} was made in this workspace: there is nothing to reset it to."),
            ),
            Self::RoleChanged { name, by, version } => {
                let by = by.as_deref().unwrap_or("Somebody");
                let message = format!(
                    "{by} changed the role {name:?} meanwhile: it is at version {version}. Look at it again and repeat your change."
                );
                Problem::new(Conflict, "role_changed", message)
            }
            Self::RoleInUse { name, by } => Problem::new(
                Conflict,
                "role_in_use",
                format!("The role {name:?} is in use by {}. Give them another role first.", by.in_words()),
            ),
            Self::LastAdmin => Problem::new(
                Conflict,
                "last_admin",
                "After this no active member could manage members and roles any more. Give somebody else a role that may first.",
            ),
            Self::NotPermitted(missing) => missing.problem(),
            Self::MemberExists => {
                Problem::new(Conflict, "member_exists", "The workspace has a member with this email.")
            }
            Self::AccountExists => Problem::new(
                Conflict,
                "account_exists",
                "Somebody with this email has an account here already. Invite them: they join with their own password.",
            ),
            Self::UnknownVersion { version, latest } => {
                Problem::unknown_version("version", *version, *latest)
            }
            Self::StaleMember { by, at } => Problem::new(
                Conflict,
                "changed_meanwhile",
                format!(
                    "{} changed this member meanwhile{}. Look at what is there now, and change it again.",
                    by.as_deref().unwrap_or("Somebody"),
                    at.map(|at| format!(", at {at}")).unwrap_or_default(),
                ),
            ),
            Self::MemberBeyondCaller => Problem::new(
                Forbidden,
                "member_beyond_caller",
                "This member may do more than you, so you may not do this to them.",
            ),
            Self::HandOverUnderWay => Problem::new(
                Conflict,
                "hand_over_under_way",
                "Records of this member are being handed over. Wait until that is done.",
            ),
            Self::OAuth(fault) => Problem::new(ErrorKind::Invalid, fault.code, fault.description.clone()),
            Self::DelegationNotFound => {
                Problem::new(NotFound, "delegation_not_found", "There is nothing of this id to be withdrawn.")
            }
            Self::KeyNotFound => Problem::new(NotFound, "api_key_not_found", "There is no such API key."),
            Self::ExpiredKey => Problem::new(
                Unauthenticated,
                "token_expired",
                "The API key has expired. Ask an admin of the workspace for another.",
            ),
            Self::KeyNotFromHere => Problem::new(
                Forbidden,
                "api_key_not_from_here",
                "This API key may not be used from this address.",
            ),
            Self::TooManyKeys { most } => Problem::new(
                Conflict,
                "too_many_api_keys",
                format!("A workspace has at most {most} API keys: revoke some."),
            ),
            Self::NotInPerson => Problem::new(
                Forbidden,
                "in_person_only",
                "A member does this themselves, signed in: no API key, no token of an agent.",
            ),
            Self::InvitationNotFound => {
                Problem::new(NotFound, "invitation_not_found", "There is no such invitation.")
            }
            Self::InvalidInvitation => Problem::new(
                NotFound,
                "invitation_invalid",
                "This invitation was taken or revoked, has expired, or whoever made it may not invite any more. Ask for a new one.",
            ),
            Self::SignInNotFound => Problem::new(NotFound, "sign_in_not_found", "There is no such sign-in."),
            Self::InvalidResetLink => Problem::new(
                NotFound,
                "reset_link_invalid",
                "This link was used, replaced by another, or is older than a day. Ask for a new one.",
            ),
            Self::BelongsElsewhere => Problem::new(
                Conflict,
                "belongs_elsewhere",
                "This person belongs to other workspaces too, so no admin of one of them may set their password. Whoever runs this server can make a link.",
            ),
            Self::OwnAccount => {
                Problem::new(Conflict, "own_account", "Change your own password with the one that you have.")
            }
            Self::WorkspaceNameTaken => {
                Problem::new(Conflict, "workspace_name_taken", "Another workspace has this name.")
            }
            Self::AlreadySetUp => {
                Problem::new(Conflict, "already_set_up", "Kontor is set up already. Sign in instead.")
            }
            Self::InvalidSetupToken => Problem::new(
                Unauthenticated,
                "setup_token_invalid",
                "This setup link was used, renewed or is older than a day. Restart Kontor to get a new one.",
            ),
            Self::NotAnnounced
            | Self::SecretTooShort { .. }
            | Self::OtherSecret
            | Self::Sealed(_)
            | Self::Key(_)
            | Self::Hashing(_)
            | Self::Worker(_)
            | Self::Grants(_) => Problem::internal(),
        }
    }
}

fn no_role(name: &str, near: &str) -> String {
    format!("There is no role {name:?}.{near}")
}
