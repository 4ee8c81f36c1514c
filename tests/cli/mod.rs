//! The program as its users call it: exit codes, both outputs, signals, and nothing left behind.

mod acting;
mod demo;
pub(crate) mod folder;
mod input;
mod refusals;
mod remote_replica;
mod replica;
mod running;
mod schedules;
mod serving;
