//! The state database: jobs, firings, runs, attempts, leases and locks in PostgreSQL.
//!
//! Every call has a deadline. What decides is decided in one transaction here, by the database's clock; what is merely
//! computed comes in as arguments. Statements are in `sql/`, one purpose each. The store is concrete: there is one
//! kind of state database, and tests have a real one.

mod alert;
mod audit;
mod backfill;
mod by_hand;
mod claim;
mod connect;
mod connection;
mod daemon;
mod daemon_history;
mod deadline;
mod definition;
mod definitions;
mod ended;
mod error;
mod find;
mod finding;
mod firing;
mod indexes;
mod job_save;
mod json;
mod last_outcome;
mod lock;
mod migrate;
mod note;
mod once;
mod overview;
mod pause;
mod planning;
mod pool;
mod progress;
mod record;
mod reservation;
mod run;
mod run_list;
mod run_old;
mod wake;

pub use alert::{AlertFilter, ClaimedAlert};
pub use audit::{Act, Actor, AuditFilter, AuditRow, Via};
pub use backfill::Later;
pub use claim::{Claimed, Claims, Line, Scope};
pub use daemon::{DaemonRow, Heartbeat, Identity};
pub use daemon_history::DaemonPast;
pub use deadline::{JobDeadline, Verdict};
pub use definition::{Definition, JobRow, LastEnds, StoredJob};
pub use error::StoreError;
pub use finding::FindingRow;
pub use firing::{FiringFilter, FiringRow};
pub use job_save::Saved;
pub use lock::{Capacities, LockRow, StepLocks};
pub use migrate::newest_migration;
pub use once::{MadeOnce, Once};
pub use overview::{JobOverview, Pause, RunBrief};
pub use pause::RunMissed;
pub use planning::{Planned, PlannedJob, Upcoming};
pub use pool::Store;
pub use record::{Waiters, Write};
pub use run::NewRun;
pub use run_list::{RunFilter, RunPlace};
pub use run_old::Removed;
pub use wake::{Wake, WakeListener};
