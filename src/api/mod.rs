//! HTTP: metrics, health, and a first page that says what is listening here.
//!
//! Each answer is read-only and comes from memory, so that a probe is answered while the state database hangs. The
//! engine feeds what is shown; nothing here asks it anything.

mod backend;
mod health;
mod home;
mod metrics;
mod security;
mod serve;

pub use backend::Backend;
pub use security::Token;
pub use serve::{ApiState, router, serve};
