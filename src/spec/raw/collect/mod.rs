//! `collect` as written: one file for each source, and for what follows.

mod command;
mod csv;
mod expect;
mod file;
mod http;
mod into;
mod query;
mod report;
mod step;

pub(crate) use command::RawCommandSource;
pub(crate) use csv::{RawBadRows, RawCsv};
pub(crate) use expect::{RawExpect, RawFresh, RawRows};
pub(crate) use file::RawFileSource;
pub(crate) use http::{RawAuth, RawHttp};
pub(crate) use into::{RawInto, RawLoadColumns};
pub(crate) use query::RawQuery;
pub(crate) use report::{RawPoll, RawReport, RawRequest};
pub(crate) use step::RawCollect;
