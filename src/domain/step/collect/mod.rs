//! What `collect` does: one file for each source, and for what follows.

mod command;
mod csv;
mod expect;
mod file;
mod http;
mod into;
mod pace;
mod paginate;
mod query;
mod report;
mod request;
mod step;
mod transport;

pub use command::CommandSource;
pub use csv::{BadRows, Csv};
pub use expect::{Expect, Fresh, RowBounds, dropped};
pub use file::FileSource;
pub use http::HttpSource;
pub use into::{ColumnType, Into, LoadColumns, LoadMode, NewColumns};
pub use pace::{RateLimit, RequestRetry};
pub use paginate::{CursorTo, PageBy, PageSize, Paginate};
pub use query::QuerySource;
pub use report::{Poll, Report};
pub use request::{HmacAuth, HttpAuth, HttpRequest, SignatureAlgorithm, SignatureEncoding};
pub use step::{BodyFormat, CollectSource, CollectStep};
pub use transport::{TlsFiles, Transport};
