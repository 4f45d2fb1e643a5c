//! How values, instants and results look to a person: the same in lists, on record pages, in timelines and
//! in the cards of tool calls.

mod changes;
mod chart;
mod condition;
mod failure;
mod json;
mod results;
mod table;
mod time;
mod value;

pub(crate) use self::{
    changes::{ChangeView, changes},
    chart::{Chart, share},
    condition::condition_words,
    failure::{Failure, as_sentence, without_ids},
    json::untyped,
    results::{ResultView, arguments, brief, event_words, operation_label},
    table::{Head, Table},
    time::{Clock, date as on_day, exact, instant},
    value::{Place, Shown, Viewer, badge, contact_points, line, prose, web},
};
