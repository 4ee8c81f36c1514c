//! HTTP: the API, the pages, metrics and health.
//!
//! Who asks is known by a token or a session (`access`, `caller`); what another site's page made a browser send is refused
//! before (`guard`). Probes and metrics come from memory, so that they are answered while the state database hangs; all
//! else is read through connections of its own.

mod access;
mod acting;
mod backend;
mod caller;
mod clock;
mod connections;
mod failures;
mod guard;
mod health;
mod login;
mod metrics;
mod pages;
mod problem;
mod rolling_back;
mod security;
mod serve;
mod session;
mod v1;

pub use access::{Access, NamedToken};
pub use backend::Backend;
pub use caller::Caller;
pub use problem::Problem;
pub use security::Token;
pub use serve::{ApiState, router, serve};
pub use v1::document as openapi;
