//! The first page: what needs attention, and all jobs with their last runs.

mod attention;
mod facts;
mod filter;
mod handlers;
mod table;

pub(super) use facts::{STRIP, bars, usual};
pub(super) use handlers::{live, page};
