//! A `collect` step: one file for each part of it.

mod body;
mod command;
mod csv;
mod expect;
mod file;
mod http;
mod into;
mod query;
mod report;
mod request;
mod step;
