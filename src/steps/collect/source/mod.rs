//! Where data comes from: HTTP or local files, whole and on disk before anything is read from it.

mod bytes;
mod command;
mod depth;
mod fetch;
mod file;
mod http;
mod recode;
mod records;
mod walk;

pub(super) use fetch::{Body, Fetched, fetch};
