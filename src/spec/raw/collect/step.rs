use schemars::JsonSchema;
use serde::Deserialize;

use super::{RawCommandSource, RawExpect, RawFileSource, RawHttp, RawInto, RawQuery};

/// Brings outside data into a table, all of it in one transaction. Exactly one source.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Collect")]
pub(crate) struct RawCollect {
    /// Data from an HTTP server.
    pub(crate) http: Option<RawHttp>,
    /// Data from local files.
    pub(crate) file: Option<RawFileSource>,
    /// Data from a query on a connection.
    pub(crate) query: Option<RawQuery>,
    /// Data from a program's output.
    pub(crate) command: Option<RawCommandSource>,
    /// Where the data goes.
    #[schemars(required)]
    pub(crate) into: Option<RawInto>,
    /// What must hold before anything is loaded.
    pub(crate) expect: Option<RawExpect>,
    /// Whether `mode: replace` may leave the table empty. Default: false.
    pub(crate) allow_empty: Option<bool>,
}
