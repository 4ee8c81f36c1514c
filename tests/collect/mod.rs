//! The step kind `collect`, from real servers and files into real databases.

mod bad_bodies;
mod command;
mod expectations;
mod files;
mod once;
mod query;
mod report;
mod stopping;
mod types;
mod world;
