//! The statements of this crate's tables, one module a table.

pub(crate) mod api_keys;
pub(crate) mod attempts;
pub(crate) mod delegations;
pub(crate) mod hand_overs;
pub(crate) mod invitations;
pub(crate) mod members;
pub(crate) mod memberships;
pub(crate) mod oauth;
pub(crate) mod password_resets;
pub(crate) mod roles;
pub(crate) mod sealing_keys;
pub(crate) mod secrets;
pub(crate) mod settings;
pub(crate) mod setup_tokens;
pub(crate) mod sign_ins;
pub(crate) mod signing_keys;
pub(crate) mod users;
pub(crate) mod workspaces;
