//! A job: its last runs, what comes next, what was left out, its definition, and what can be done with it.

mod ahead;
mod chart;
mod definition;
mod facts;
mod forms;
mod handlers;
mod hold;
mod left_out;
mod past;
mod runs;
mod start;

pub(super) use handlers::{live, page};
pub(super) use hold::{pause, resume};
pub(super) use past::{preview, queue};
pub(super) use start::run;
