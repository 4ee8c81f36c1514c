//! `windlass serve`: the daemon.
//!
//! ```text
//!   listen ─ embedded server ─ state database (waited for) ─┬─ jobs ─ engine ─┬─ stop: drain, lease, server
//!                                                            └──── given up ◄──┘
//! ```
//!
//! `/healthz` answers from the start; `/readyz` says whether the work is done.

mod command;
mod incarnation;
mod jobs;
mod state;

pub(super) use command::run;
