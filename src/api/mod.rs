//! HTTP: pages for people, metrics, health.
//!
//! Metrics and health come from memory, so that a probe is answered while the state database hangs. Pages are read from
//! the state database, through connections of their own.

mod backend;
mod health;
mod metrics;
mod pages;
mod security;
mod serve;

pub use backend::Backend;
pub use security::Token;
pub use serve::{ApiState, router, serve};
