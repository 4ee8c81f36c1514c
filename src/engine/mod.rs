//! Runs jobs: notices firings, claims runs, performs what `domain::plan` decides, records what came of it.
//!
//! ```text
//!   planner ──(ledger: firings, runs)──► state database ◄──(lease, cancel requests)── lease
//!                                             │
//!                     hints (NOTIFY) ► dispatcher ──► one task per run ──► one task per attempt
//! ```
//!
//! The dispatcher owns the runs; everybody else sends it messages. A run's task owns that run's view and is the only
//! one that records it. Nothing here speaks to the databases that steps work on.

mod alerts;
mod aside;
mod attempt;
mod attempt_log;
mod checkup;
mod clock;
mod daemon;
mod dispatcher;
mod event;
mod freshness;
mod host;
mod housekeeping;
mod identity;
mod indexes;
mod lease;
mod notes;
mod patience;
mod planner;
mod progress;
mod replicas;
mod room;
mod run_task;
mod shared;
mod spool;

pub use attempt_log::{LogReader, log_path};
pub use daemon::Daemon;
pub use event::Event;
pub use replicas::{ReplicaLook, Replicas};
pub use shared::EngineSettings;

pub use crate::steps::SENT_MARK;
