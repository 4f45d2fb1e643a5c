//! The vocabulary of Kontor: every word the other crates share, and no I/O.
//!
//! Nothing here knows an engine, a wire or a clock of its own. What a thing *is* (an id, a value, a filter,
//! a grant, a turn event) and what follows from it alone is decided here, so that every surface agrees.
//!
//! | module | holds |
//! |---|---|
//! | [`ids`], [`time`], [`text`] | identifiers, instants and dates, folding and nearest names |
//! | [`environment`] | the injected clock and randomness |
//! | [`cache`] | the one cache type: what was read or made a moment ago |
//! | [`error`] | the eight kinds of failure and the problem told to the one who asked |
//! | [`metadata`], `kind` | objects and fields; the kinds of fields, one file each, with all that is known of them |
//! | [`value`], [`json`] | typed field values; JSON kept as text |
//! | [`networks`] | addresses and networks as an operator lists them |
//! | [`currency`], [`reading`] | currencies; numbers, amounts, dates and times as people write them |
//! | [`filter`], [`sort`] | the one filter language, and orders |
//! | [`caller`], [`grants`] | who asks, and what they may |
//! | [`reference`] | a record as others speak of it |
//! | [`operation`] | operations, their effects and the registry |
//! | `kill_point` | moments at which a test has the process die |
//! | `routing` | with which agent a session is, and why |
//! | [`turn`] | the events of a turn as they are logged and streamed |
//! | [`usage`] | tokens and cost of what models answered |

pub mod actor;
pub mod cache;
pub mod caller;
pub mod currency;
pub mod environment;
pub mod error;
pub mod filter;
pub mod grants;
pub mod ids;
pub mod json;
pub mod kill_point;
mod kind;
pub mod locale;
pub mod metadata;
pub mod networks;
pub mod operation;
pub mod reading;
pub mod reference;
mod routing;
mod schema;
pub mod scope;
pub mod sort;
pub mod text;
pub mod time;
pub mod turn;
pub mod usage;
pub mod value;
