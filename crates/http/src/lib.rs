//! What the faces of HTTP have in common: what surrounds every request, and what a failure is in HTTP's words.
//!
//! How a failure is written (problem details, a page) each face decides; this crate knows no face and calls no use
//! case but those that tell who asks.
//!
//! | module | holds |
//! |---|---|
//! | `services` | what handlers use: the services of the whole server |
//! | `admit` | the one way in: who sends a request, and whether they may send one more |
//! | `caller` | the credential that a request carries, and who has it |
//! | `surround` | the id and span of a request, its deadline, the answer to a panic |
//! | `message` | what the message syntax of HTTP/1.1 asks of a request |
//! | `media_type` | what a request says that its body is |
//! | `client_address` | whom a request comes from, when proxies stand before the server |
//! | `event_stream` | what every stream of events has: its admission, its end, its headers |
//! | `oauth_clients` | programs that ask members to be let in |
//! | `rate_limits` | how many requests a token, a member and an address may send |
//! | `streams` | how many event streams are open at one time |
//! | `saved_as` | answers that a browser saves as a file |
//! | `health` | which of the server's own services are down |
//! | `failure` | the status of a problem, when to come back, and the log of what went wrong |

mod admit;
mod caller;
mod client_address;
mod event_stream;
mod failure;
mod health;
mod media_type;
mod message;
mod oauth_clients;
mod rate_limits;
mod saved_as;
mod services;
mod streams;
mod surround;
#[cfg(feature = "testing")]
pub mod testing;

pub use admit::{Entrance, admit, sender, sender_of_form};
pub use caller::{Authenticated, CSRF_HEADER, cookie_lines, csrf_header};
pub use client_address::TrustedProxies;
pub use event_stream::{Admission, KEEP_ALIVE, event_stream};
pub use failure::{problem_of, retry_after, status};
pub use health::Health;
pub use media_type::{MediaType, is_uncoded};
pub use message::check_message;
pub use rate_limits::{RateLimitSettings, RateLimits};
pub use saved_as::saved_as;
pub use services::{OpenTryout, ServiceParts, Services};
pub use streams::{StreamLimits, StreamPlace, Streams};
pub use surround::{Deadline, REQUEST_ID, Refuse, identify, in_time, panicked};
