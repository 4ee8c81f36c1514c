//! The program as its users call it: exit codes, both outputs, signals, and nothing left behind.

mod acting;
mod completing;
mod demo;
mod doctor;
mod exclusive;
pub(crate) mod folder;
mod input;
mod locks;
mod recorded;
mod refusals;
mod remote_replica;
mod replica;
mod running;
mod schedules;
pub(crate) mod serving;
mod shells;
mod watching;
