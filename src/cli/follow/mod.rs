//! Watching runs of this process until they have ended: on a terminal with bars, else in plain lines.
//!
//! Events say what is going on; they may be missed. That a run has ended, what it waits for and which runs it has
//! triggered is read from the state database.

mod bars;
mod lines;
mod meter;
mod reporter;
mod until_end;

pub(super) use meter::line as progress_line;
pub(super) use reporter::Reporter;
pub(super) use until_end::{Watched, until_end};
