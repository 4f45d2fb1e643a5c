//! People and authority: who signs in, where they belong, and what their role allows.
//!
//! [`Identity`] turns credentials into a [`Caller`](kontor_core::caller::Caller): a bearer token, a browser's
//! cookie, or a member an agent acts for. Users, workspaces, memberships and sign-ins are kept in the
//! directory, roles and members in the workspace they hold in. This crate knows no record and no agent: what
//! else a new workspace or member needs is done by the [`Provisioner`] it is given.
//!
//! | module | holds |
//! |---|---|
//! | [`service`](Identity), `settings`, `secret` | the service with what it remembers for a moment, its settings, the master secret |
//! | `setup`, `workspaces`, `members`, `roles`, `provisioner` | the first start, workspaces, members, standard roles |
//! | `member_changes`, [`hand_overs`](HandOver), `invitations`, `acceptance` | what admins change of members, and how people come to a workspace |
//! | `seen_sign_ins`, `new_passwords` | sign-ins as they are seen and ended; other passwords |
//! | `sign_in`, `credentials`, `password`, `throttle`, `turns`, `known_browser`, `email` | passwords and how often they may be tried |
//! | `tokens`, `access_token`, `keys`, `ed25519`, `opaque` | token pairs, their rotation, signing keys |
//! | [`api_keys`](ApiKey) | keys by which programs act as service accounts |
//! | `delegations`, `agent_token` | what members let software do for them, by tokens that narrow |
//! | `sealing`, [`secrets`](Sealer) | secrets in the database, and the keys that they are sealed with |
//! | `browser`, `session_cookie` | cookie sessions, CSRF protection, the cookie itself |
//! | `authenticate`, `callers`, `standing`, `me` | from a credential to a caller, for how long, and what a caller sees of itself |
//! | [`workspace_settings`](WorkspaceSettings) | what a workspace and its members set for themselves |
//! | [`adoption`](TakenPeople) | the people of a workspace, taken to be put into a copy of it |
//! | `data_steps` | what is made of the roles that older versions wrote |
//! | `rows` | this crate's tables |

mod acceptance;
mod access_token;
mod adoption;
mod agent_token;
mod api_keys;
mod authenticate;
mod browser;
mod callers;
mod credentials;
mod data_steps;
mod delegations;
mod ed25519;
mod email;
mod error;
mod hand_overs;
mod invitations;
mod keys;
mod known_browser;
mod me;
mod member_changes;
mod members;
mod new_passwords;
mod opaque;
mod password;
mod provisioner;
mod roles;
mod rows;
mod sealing;
mod secret;
mod secrets;
mod seen_sign_ins;
mod service;
mod session_cookie;
mod settings;
mod setup;
mod sign_in;
mod standing;
mod throttle;
mod tokens;
mod turns;
mod workspace_settings;
mod workspaces;

pub use acceptance::{Acceptance, InvitationView};
pub use adoption::{CopiedMember, TakenPeople};
pub use agent_token::{Act, ActorKind};
pub use api_keys::{ApiKey, KeySecret, NewApiKey};
pub use authenticate::Door;
pub use browser::{BrowserSession, Csrf};
pub use data_steps::data_steps;
pub use delegations::{
    AgentAccount, AgentTokens, CodeRequest, Consent, Delegation, Exchange, NewOAuthClient, OAuthClient,
    OAuthFault,
};
pub use error::{Error, Result};
pub use hand_overs::{HAND_OVER_JOB, HandOver, HandOverProgress, HandOverState};
pub use invitations::{Invitation, InvitationSecret, Invited, NewInvitation};
pub use me::{Me, MeApiKey, MeKey, MeMember, MeUser};
pub use member_changes::MemberPatch;
pub use members::{MemberStatus, MemberSummary, NewMember, active_member_names, member_names};
pub use new_passwords::{PasswordChange, ResetLink, ResetView};
pub use provisioner::{AgentKey, BoundAgent, MemberProfile, ProvisionError, Provisioner};
pub use roles::{
    NamedMember, NewRole, Role, RoleChanges, RoleHolders, ToldRole, is_same_role,
    standard_names as standard_roles,
};
pub use sealing::Rotation;
pub use secret::MasterSecret;
pub use secrets::Sealer;
pub use seen_sign_ins::{SeenSignIn, SignInKind};
pub use service::Identity;
pub use session_cookie::{KnownBrowserCookie, SessionCookie};
pub use settings::{IdentitySettings, PasswordCost};
pub use sign_in::SignIn;
pub use standing::Credential;
pub use tokens::Tokens;
pub use workspace_settings::{
    MemberSettings, RetentionDays, UsualCurrency, WorkspaceSettings, workspace_settings,
};
pub use workspaces::{NewWorkspace, WorkspaceSummary, registered_workspaces};
