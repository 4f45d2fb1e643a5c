//! `builtin`: a deterministic command interpreter behind the trait of a chat model.
//!
//! It is no language model and says so. It reads no prompt and no tool schema: the day, the member, the record in
//! view, the objects and fields and the operations it may call come as values from the request's scene, "it" and
//! "the second one" from the results in the messages, and the place within a turn from the results that are already
//! there. It keeps nothing of a conversation between calls, and what it says of records is only what results say.
//!
//! What it understands is frozen at `docs/commands.md`: every example there is run by a test, and what comes is
//! for language models.
//!
//! A sentence is acted upon only where every word of it was understood: whatever gives a word a meaning covers it,
//! a closed list of words may be passed over, and [`turn`] lets no call through while a word is left, other than
//! those that find out what a name stands for.
//!
//! | module | holds |
//! |---|---|
//! | [`model`] | [`Builtin`], the interpreter as a chat model |
//! | [`words`], [`numbers`], [`dates`] | reading sentences |
//! | [`catalogue`], [`kind`] | objects, fields, options and operations, with the words they go by |
//! | [`definitions`] | a catalogue from the definitions of a scene |
//! | [`conversation`], [`ask`] | what was shown, spoken of and asked, from the messages |
//! | [`commands`], [`routes`] | which command a sentence is |
//! | [`turn`] | commands that are run again until all their calls have results |
//! | [`resolve`], [`named`], [`values`], [`query`] | which record, which value, which filter |
//! | [`read`], [`agenda`], [`field`], [`count`], [`history`], [`create`], [`reminder`], [`change`], [`log`], [`help`] | the commands |
//! | [`others`] | other agents that are asked, or handed over to |
//! | [`limits`] | what it cannot do, and what it does not understand |
//! | [`clauses`] | the changes that one sentence says |
//! | [`render`] | results as Markdown |

mod agenda;
mod ask;
mod catalogue;
mod change;
mod clauses;
mod commands;
mod conversation;
mod count;
mod create;
mod dates;
mod definitions;
mod field;
mod help;
mod history;
mod kind;
mod limits;
mod log;
mod model;
mod named;
mod numbers;
mod others;
mod query;
mod read;
mod reminder;
mod render;
mod resolve;
mod routes;
#[cfg(test)]
mod tests;
mod turn;
mod values;
mod words;

pub use model::Builtin;
