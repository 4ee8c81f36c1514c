//! The step kind `collect`, from real servers and files into real databases.

mod bad_bodies;
mod bad_data;
mod bad_pages;
mod bad_rows;
mod columns;
mod command;
mod crash;
mod csv;
mod digits;
mod documented;
mod expectations;
mod files;
mod inferred;
mod kill;
pub(crate) mod memory;
mod once;
mod only_new;
mod pages;
mod query;
mod report;
mod requests;
mod resume;
mod resume_daemon;
mod secrets;
mod stopping;
mod types;
mod world;
