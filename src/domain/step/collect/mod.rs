//! What `collect` does: one file for each source, and for what follows.

mod command;
mod csv;
mod expect;
mod file;
mod http;
mod into;
mod query;
mod report;
mod step;

pub use command::CommandSource;
pub use csv::{BadRows, Csv, charset};
pub use expect::{Expect, Fresh, RowBounds, dropped};
pub use file::FileSource;
pub use http::{HttpAuth, HttpRequest, HttpSource};
pub use into::{ColumnType, Into, LoadColumns, LoadMode, NewColumns};
pub use query::QuerySource;
pub use report::{Poll, Report};
pub use step::{BodyFormat, CollectSource, CollectStep};
