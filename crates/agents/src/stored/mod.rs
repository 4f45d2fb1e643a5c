//! What the tables hold, as types: below everything that reads or writes them.

mod approval;
mod client_approval;
mod event;
mod review;
mod share;
mod status;
mod usage;

pub use self::{
    approval::{Approval, ListedApproval},
    client_approval::{AnsweredApproval, AnyApproval, ClientApproval},
    event::LoggedEvent,
    review::ReviewStatus,
    share::{Access, Feedback, MemberName, Rating, Share},
    status::{ApprovalStatus, SessionStatus, TurnStatus},
    usage::{BudgetScope, UsageBy, UsageFigures},
};
pub(crate) use self::{
    approval::{EXPIRY_JOB, expiry_job},
    event::{Draft, SentText},
};
