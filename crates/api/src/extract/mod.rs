//! What a handler takes from a request; each refuses with a problem.

pub(crate) mod body;
mod caller;
mod idempotency_key;
mod if_match;
mod json;
mod parameters;
mod path;
mod peer_address;
mod permitted;
mod shape;
mod strict;

pub(crate) use self::{
    caller::{Acting, ActingBy, Chatting, SignedIn, StreamCaller, StreamChatting},
    idempotency_key::IdempotencyKey,
    if_match::IfMatch,
    json::Json,
    parameters::{Holds, NoParameters, Parameter, Parameters},
    path::Segments,
    peer_address::PeerAddress,
    permitted::{
        ChangesDataModel, ChangesSettings, Evaluates, ManagesAgents, ManagesKeys, ManagesMembers,
        ManagesRoles, Publishes, SeesAgents, WritesPrompts,
    },
};
