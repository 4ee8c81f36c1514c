//! `collect` as written: one file for each source, and for what follows.

mod auth;
mod command;
mod csv;
mod expect;
mod file;
mod http;
mod into;
mod paginate;
mod query;
mod report;
mod step;
mod transport;

pub(crate) use auth::{RawAuth, RawHmacAuth};
pub(crate) use command::RawCommandSource;
pub(crate) use csv::{RawBadRows, RawCsv};
pub(crate) use expect::{RawExpect, RawFresh, RawRows};
pub(crate) use file::RawFileSource;
pub(crate) use http::RawHttp;
pub(crate) use into::{RawInto, RawLoadColumns};
pub(crate) use paginate::{RawCursor, RawPaginate};
pub(crate) use query::RawQuery;
pub(crate) use report::{RawPoll, RawReport, RawRequest};
pub(crate) use step::RawCollect;
pub(crate) use transport::{RawRateLimit, RawRequestRetry, RawTimeouts, RawTls};
