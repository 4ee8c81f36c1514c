//! What a step does: the closed set of kinds, one file each, resolved from the job file.

mod collect;
mod command;
mod connections;
mod copy_to_staging;
mod parallel_ctas;
mod publish_replica;
mod sql;
mod trigger;

pub use collect::{
    BadRows, BodyFormat, CollectSource, CollectStep, ColumnType, CommandSource, Csv, CursorTo, Expect, FileSource,
    Fresh, HmacAuth, HttpAuth, HttpRequest, HttpSource, Into, LoadColumns, LoadMode, NewColumns, PageBy, PageSize,
    Paginate, Poll, QuerySource, RateLimit, Report, RequestRetry, RowBounds, SignatureAlgorithm, SignatureEncoding,
    TlsFiles, Transport, dropped,
};
pub use command::CommandStep;
pub use copy_to_staging::{CopyRead, CopySource, CopyStep, CopySwap, CopyTarget, CopyVerify};
pub use parallel_ctas::{CtasIndex, CtasMode, CtasStep, IndexKey, Measure, WorkerGuarantee};
pub use publish_replica::{PublishMethod, PublishSource, PublishStep, PublishTable, default_keep};
pub use sql::SqlStep;
pub use trigger::TriggerStep;

use serde::{Deserialize, Serialize};

/// What a step does. Closed on purpose: adding a kind is adding a variant, a file here and a file in `steps/`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// Brings outside data into a table.
    Collect(Box<CollectStep>),
    /// Streams a PostgreSQL table into a PostgreSQL staging table.
    CopyToStaging(CopyStep),
    /// `CREATE TABLE … AS` with a guaranteed number of parallel workers.
    ParallelCtas(CtasStep),
    /// Publishes a read-only DuckDB file.
    PublishReplica(PublishStep),
    /// Runs statements in one transaction.
    Sql(SqlStep),
    /// Runs a program.
    Command(CommandStep),
    /// Starts another job.
    Trigger(TriggerStep),
}

impl StepKind {
    /// The kind as it is written in a job file and in metrics.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Collect(_) => "collect",
            Self::CopyToStaging(_) => "copy_to_staging",
            Self::ParallelCtas(_) => "parallel_ctas",
            Self::PublishReplica(_) => "publish_replica",
            Self::Sql(_) => "sql",
            Self::Command(_) => "command",
            Self::Trigger(_) => "trigger",
        }
    }

    /// Whether an attempt that fails may leave something on this machine's disk for the next one.
    pub fn keeps_for_next_attempt(&self) -> bool {
        matches!(self, Self::Collect(step) if step.source.keeps_pages())
    }
}
