//! What Windlass is about, without any I/O: jobs, runs, attempts, schedules, retries, failures.
//!
//! Everything here is a plain value or a pure function of plain values. Time and randomness come in as arguments.
//! Nothing here knows tokio, a database or another module of this crate, so every rule can be tested by itself.

pub mod alert;
pub mod amount;
pub mod charset;
pub mod code;
pub mod deadline;
pub mod failure;
pub mod finding;
pub mod firing;
pub mod hex;
pub mod ids;
pub mod job;
pub mod note;
pub mod object;
pub mod observation;
pub mod outcome;
pub mod params;
pub mod plan;
pub mod progress;
pub mod readiness;
pub mod replica;
pub mod retry;
pub mod role;
pub mod run;
pub mod schedule;
pub mod secret;
pub mod state;
pub mod step;
pub mod template;
pub mod waits;
