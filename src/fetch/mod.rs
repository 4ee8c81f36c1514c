//! Outgoing HTTP: requests that name themselves in errors, bodies that go to disk, errors with a class.
//!
//! A body is never held whole. It counts as arrived only when all of it has: a connection that breaks off early is an
//! error, whatever came before. What was said to one host (credentials, headers, body) is not repeated to another one
//! that it redirects to. Trying again is for those who call; this module only says what the server asked for, and goes on
//! with a body that broke off where the server lets it.

mod answer;
mod client;
mod download;
mod error;
mod limit;
mod link;
mod options;
mod partial;
mod redirect;
mod request;
mod sign;
mod sniff;
mod status;
mod tls;

pub use client::Client;
pub use download::Download;
pub use error::{FetchError, FetchErrorKind};
pub use limit::RateLimits;
pub use options::Options;
pub use partial::Partial;
pub use request::{Auth, Request};
pub use sign::signature;
pub use sniff::{check_body, is_blank};
