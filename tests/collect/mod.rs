//! The step kind `collect`, from real servers and files into real databases.

mod bad_bodies;
mod bad_pages;
mod command;
mod crash;
mod expectations;
mod files;
mod once;
mod pages;
mod query;
mod report;
mod requests;
mod secrets;
mod stopping;
mod types;
mod world;
