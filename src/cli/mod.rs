//! The commands: one file or folder each, and what they have in common.
//!
//! Text for people and JSON go to standard output, logs and errors to standard error. Commands that act work through
//! the state database, whether or not a daemon is up.

mod alert_arguments;
mod alerts;
mod arguments;
mod ask;
mod audit;
mod backfill;
mod cancel;
mod check;
mod clock;
mod completions;
mod demo;
mod doctor;
mod error;
mod explain;
mod firings;
mod follow;
mod format;
mod job_source;
mod jobs;
mod locks;
mod logs;
mod man;
mod notify;
mod offers;
mod opened;
mod output;
mod params;
mod pause;
mod plan;
mod recorded;
mod replica;
mod resume;
mod retry;
mod run;
mod runs;
mod schedule_arguments;
mod serve;
mod show;
mod signals;
mod start;
mod table;
mod trigger;
mod watch;
mod wire;
mod workspace;

pub use arguments::Arguments;
pub use offers::answer as answer_shell;
pub use start::start;

use crate::actions::{find, suggest};
use output::told;
