//! `windlass plan`: what a run of a job would do, without doing any of it.

mod command;
mod lines;

pub(super) use command::run;
