//! The stable codes of failures. Each has a page in `docs/errors/`, shown by `windlass explain` and linked by the UI.
//!
//! A code is never given a new meaning and never reused. The hundreds say what area it belongs to.

use serde::{Deserialize, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal),+ $(,)?) => {
        /// A failure's stable code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Code { $($(#[$doc])* #[serde(rename = $code)] $name),+ }

        impl Code {
            /// All codes, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The code as it is printed, for example `WL0201`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }

            /// The code's page: what it means, why it happens, what to do. Markdown.
            pub const fn page(self) -> &'static str {
                match self { $(Self::$name => include_str!(concat!("../../docs/errors/", $code, ".md"))),+ }
            }
        }
    };
}

codes! {
    /// A job file is wrong.
    JobFile = "WL0101",
    /// `windlass.yaml` is wrong.
    Settings = "WL0102",
    /// A template can't be rendered.
    Template = "WL0103",
    /// A parameter is unknown, missing or not of its kind.
    Parameter = "WL0104",
    /// No such job, run or step.
    NotFound = "WL0105",
    /// A connection's name or kind doesn't fit the step.
    Connection = "WL0106",

    /// A PostgreSQL server can't be reached.
    PostgresUnreachable = "WL0201",
    /// The server refused user, password or database.
    PostgresLogin = "WL0202",
    /// TLS could not be agreed on.
    PostgresTls = "WL0203",
    /// The connection broke while it was used.
    PostgresConnectionLost = "WL0204",
    /// The server has no free connection or is starting or stopping.
    PostgresBusy = "WL0205",
    /// There are no PostgreSQL programs on this machine for the embedded server.
    EmbeddedMissing = "WL0206",
    /// The embedded server did not start.
    EmbeddedStart = "WL0207",

    /// A statement is wrong: syntax, missing table, column or function.
    PostgresStatement = "WL0301",
    /// A privilege is missing.
    PostgresPrivilege = "WL0302",
    /// The data doesn't fit: a type, a constraint, an encoding.
    PostgresData = "WL0303",
    /// Deadlock or serialization failure.
    PostgresConflict = "WL0304",
    /// A lock could not be had in time.
    PostgresLock = "WL0305",
    /// The server ran out of disk, memory or connections.
    PostgresResources = "WL0306",
    /// Another error of the server.
    PostgresOther = "WL0307",
    /// The server cancelled the statement, and it was not us who asked.
    PostgresCancelled = "WL0308",

    /// Rows read and rows written differ.
    CopyCount = "WL0401",
    /// The staging table and the source don't fit together.
    CopyShape = "WL0402",
    /// Something hangs on the table that should be replaced, so that it can't be.
    SwapBlocked = "WL0403",
    /// Several sessions can't have one snapshot of the source.
    CopySnapshot = "WL0404",
    /// Source and staging table have other content, although all rows arrived.
    CopyChecksum = "WL0405",
    /// Fewer parallel workers than the minimum.
    WorkerShortage = "WL0411",
    /// PostgreSQL plans the query with too few workers or none.
    NotParallel = "WL0412",

    /// Another process has the DuckDB file open.
    DuckDbLocked = "WL0501",
    /// A DuckDB file can't be opened.
    DuckDbOpen = "WL0502",
    /// A DuckDB statement failed.
    DuckDbStatement = "WL0503",
    /// A DuckDB file is damaged, or not a DuckDB file.
    DuckDbDamaged = "WL0504",
    /// The DuckDB library is not the version that Windlass is built for.
    DuckDbVersion = "WL0505",

    /// A new replica failed its checks and was not published.
    ReplicaCheck = "WL0601",
    /// The replica's folder can't be written.
    ReplicaTarget = "WL0602",
    /// The disk is full.
    DiskFull = "WL0603",
    /// An object store can't be reached, or broke off.
    StoreUnreachable = "WL0611",
    /// An object store refused what was asked of it.
    StoreRefused = "WL0612",

    /// An HTTP server can't be reached, or broke off.
    HttpUnreachable = "WL0701",
    /// An HTTP server answered with an error.
    HttpStatus = "WL0702",
    /// A body is not what was promised.
    BodyFormat = "WL0703",
    /// A body is larger than allowed.
    BodyTooLarge = "WL0704",
    /// What was collected is not what was expected.
    Expectation = "WL0705",
    /// An input file is missing or can't be read.
    InputFile = "WL0706",
    /// A report was not ready in time.
    ReportNotReady = "WL0707",

    /// A program ended with an error.
    CommandFailed = "WL0801",
    /// A program could not be started.
    CommandStart = "WL0802",
    /// A triggered run did not succeed.
    TriggeredRun = "WL0803",

    /// An attempt or a run took longer than its timeout.
    TimedOut = "WL0901",
    /// Somebody cancelled the run.
    Cancelled = "WL0902",
    /// A defect in Windlass: a step panicked.
    Bug = "WL0903",
    /// The daemon that ran the attempt is gone.
    Lost = "WL0904",
    /// The run is no longer this daemon's.
    NotOwner = "WL0905",
    /// The state database can't be reached.
    StateUnavailable = "WL0906",
    /// The state database belongs to a newer Windlass.
    StateNewer = "WL0907",
    /// The daemon was stopped before the attempt ended.
    Drained = "WL0908",
    /// A local file or folder can't be read or written.
    LocalFile = "WL0909",
    /// Runs hold locks that each other waits for.
    LockCircle = "WL0910",

    /// A token is needed, or the one that was shown isn't known.
    NotSignedIn = "WL1001",
    /// The token's role doesn't allow this.
    NotAllowed = "WL1002",
    /// A request that another site's page sent, or to a name that isn't this server's.
    ForeignRequest = "WL1003",
    /// Too many wrong tokens from one address.
    TooManyFailures = "WL1004",
    /// A request can't be read.
    Request = "WL1005",
    /// A run or job isn't in a state in which this can be done.
    Conflict = "WL1006",
    /// An idempotency key was used before for something else.
    IdempotencyKey = "WL1007",
}

impl Code {
    /// What the code means, in a line: its page's title.
    pub fn title(self) -> &'static str {
        let first = self.page().lines().next().unwrap_or_default();
        first.split_once(": ").map_or(first, |(_, title)| title)
    }
}

/// A pattern and not a list: a newer version has more of them.
impl PartialSchema for Code {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^WL[0-9]{4}$"));
        text.description(Some("A failure's stable code.")).build().into()
    }
}

impl ToSchema for Code {}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Code {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|code| code.as_str().eq_ignore_ascii_case(text)).ok_or(())
    }
}
