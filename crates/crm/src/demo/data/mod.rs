//! What the demonstration business is made of. Nobody here exists: domains end in `.example`, telephone
//! numbers come from ranges kept for fiction.

mod accounts;
mod people;
mod texts;

pub(super) use self::{
    accounts::{ACCOUNTS, AccountData, Country},
    people::{FIRST_NAMES, JOB_TITLES, LAST_NAMES, LEAD_COMPANIES},
    texts::{CALLS, DEAL_KINDS, EMAILS, LEAD_NOTES, MEETINGS, NOTES, TASKS},
};
