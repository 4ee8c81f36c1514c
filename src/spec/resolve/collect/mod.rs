//! A `collect` step: one file for each part of it.

mod auth;
mod body;
mod command;
mod csv;
mod expect;
mod file;
mod http;
mod into;
mod paginate;
mod query;
mod report;
mod request;
mod step;
mod transport;
