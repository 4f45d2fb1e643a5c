//! For tests and benchmarks alone: what stands in for the world outside.
//!
//! | module | holds |
//! |---|---|
//! | [`scripted`] | a model server on the real wire that answers as a test tells it, and checks what it is asked |

pub mod scripted;
