//! Outgoing HTTP: requests that name themselves in errors, bodies that go to disk, errors with a class.
//!
//! A body is never held whole. It counts as arrived only when all of it has: a connection that breaks off early is an
//! error, whatever came before. What was said to one host (credentials, headers, body) is not repeated to another one
//! that it redirects to. Trying again is the engine's business; this module only says what the server asked for.

mod answer;
mod client;
mod download;
mod error;
mod redirect;
mod request;
mod sniff;
mod status;

pub use client::Client;
pub use download::Download;
pub use error::{FetchError, FetchErrorKind};
pub use request::{Auth, Request};
pub use sniff::check_body;
