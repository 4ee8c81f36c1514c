//! The step kind `collect`, from real servers and files into real databases.

mod bad_bodies;
mod bad_data;
mod bad_rows;
mod columns;
mod command;
mod csv;
mod documented;
mod expectations;
mod files;
mod kill;
mod once;
mod only_new;
mod query;
mod report;
mod stopping;
mod types;
mod world;
