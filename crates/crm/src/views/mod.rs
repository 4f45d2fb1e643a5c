//! Views: saved ways to look at an object's records, as a table, a board or a calendar.
//!
//! A view says only what is asked for and how it is shown; whoever looks asks under their own grants. What a reader may
//! not see is not told by a view either: one that is narrowed or grouped by a hidden field is not there for them, and
//! hidden columns and orders are left out.
//!
//! | module | holds |
//! |---|---|
//! | `definition` | what a view is made of, as it is given and as it is told |
//! | `check` | what is wrong with a view, and what a reader is told of one |
//! | `board`, `moves` | a board with its cards and figures, and moving cards |
//! | `rows` | the table `views` |
//! | `service` | the use cases |

mod board;
mod check;
mod definition;
mod moves;
mod rows;
mod service;

pub use self::{
    board::{Board, BoardColumn, BoardQuery},
    definition::{Column, MAX_COLUMNS, NewView, Order, View, ViewChanges, ViewType, Visibility},
    moves::CardMove,
};
