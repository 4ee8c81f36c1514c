//! `collect` as written: one file for each source, and for what follows.

mod command;
mod expect;
mod file;
mod http;
mod into;
mod query;
mod report;
mod step;

pub(crate) use command::RawCommandSource;
pub(crate) use expect::{RawExpect, RawRows};
pub(crate) use file::RawFileSource;
pub(crate) use http::{RawAuth, RawHttp};
pub(crate) use into::RawInto;
pub(crate) use query::RawQuery;
pub(crate) use report::{RawPoll, RawReport, RawRequest};
pub(crate) use step::RawCollect;
