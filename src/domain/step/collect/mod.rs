//! What `collect` does: one file for each source, and for what follows.

mod command;
mod expect;
mod file;
mod http;
mod into;
mod query;
mod report;
mod step;

pub use command::CommandSource;
pub use expect::{Expect, RowBounds};
pub use file::FileSource;
pub use http::{HttpAuth, HttpRequest, HttpSource};
pub use into::{ColumnType, Into, LoadMode};
pub use query::QuerySource;
pub use report::{Poll, Report};
pub use step::{BodyFormat, CollectSource, CollectStep};
