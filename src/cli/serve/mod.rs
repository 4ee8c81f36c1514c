//! `windlass serve`: the daemon.
//!
//! ```text
//!   listen ─ embedded server ─ state database (waited for) ─┬─ jobs ─ engine ─┬─ stop: drain, lease, server
//!                                                            └──── given up ◄──┘
//! ```
//!
//! A service manager hears when it is ready, that it is alive, and that it stops (`watchdog`).
//! `/healthz` answers from the start; `/readyz` says whether the work is done.

mod command;
mod incarnation;
mod jobs;
mod state;
mod watchdog;

pub(super) use command::run;
