//! `publish_replica` against real files and servers, with readers in other processes.

pub(crate) mod roles;
pub(crate) mod world;

mod faults;
mod from_master;
mod from_postgres;
mod generations;
mod kill;
mod reader_examples;
mod reader_processes;
mod readers;
mod refusals;
mod remote;
mod several;
mod what_readers_find;
