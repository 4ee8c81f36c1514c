//! Where data comes from: HTTP, files or a program, whole and on disk before anything is read from it.

mod array;
mod bad_lines;
mod bytes;
mod command;
mod depth;
mod digits;
mod fetch;
mod file;
mod found;
mod http;
mod likeness;
mod local;
mod names;
mod nested;
mod recode;
mod records;
mod remote;
mod shapes;
mod walk;
mod window;

pub(super) use bad_lines::too_many;
pub(super) use digits::{Exact, Kept as KeptDigits};
pub(super) use fetch::{Body, BodyFile, Expected, Fetched, Files, fetch, kept};
pub(super) use file::Taken;
pub(super) use found::unchanged;
pub(super) use http::{Kept, keep};
