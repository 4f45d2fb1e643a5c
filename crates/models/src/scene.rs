//! What is known of the moment in which a model is asked, as values. A language model reads of it in its prompt;
//! the built-in model takes it from here. No provider is sent any of it.

use std::sync::Arc;

use kontor_core::{
    grants::Grants,
    ids::{MemberId, RecordId},
    locale::{DateLanguage, TimeZone},
    metadata::{Name, Schema},
    operation::Effect,
    time::Date,
};

/// The moment of a request.
#[derive(Debug, Clone)]
pub struct Scene {
    /// The member's day.
    pub today: Date,
    /// The member's time zone, in which moments without an offset are meant.
    pub time_zone: TimeZone,
    /// In which language the member reads dates.
    pub dates: DateLanguage,
    pub member: SceneMember,
    /// The record on the page that the member is looking at.
    pub record: Option<RecordInView>,
    pub definitions: Arc<Definitions>,
    /// The other agents that may be asked.
    pub colleagues: Arc<[Colleague]>,
    /// Those that the conversation may be handed over to.
    pub successors: Arc<[Colleague]>,
}

/// Another agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Colleague {
    pub name: String,
    pub label: String,
    /// As somebody wrote it.
    pub description: String,
}

/// The member for whom the model acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SceneMember {
    pub id: MemberId,
    /// As the member wrote it.
    pub name: String,
}

/// The record on a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordInView {
    pub object: Name,
    pub id: RecordId,
    /// As somebody wrote it; empty where the record has no name.
    pub label: String,
    /// The page itself: `/records/deals/<id>`.
    pub path: String,
}

/// What the caller can see and do, in the terms of the workspace. One value is shared by all requests for which
/// it is the same, so that what is derived from it can be kept beside it.
#[derive(Debug)]
pub struct Definitions {
    /// Every object and field of the workspace; the grants say which of them exist for the caller.
    pub schema: Arc<Schema>,
    pub grants: Arc<Grants>,
    /// The operations that may be called, in order of name.
    pub operations: Vec<OfferedOperation>,
}

/// An operation that may be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedOperation {
    /// `deal.update`.
    pub name: String,
    pub effect: Effect,
}
