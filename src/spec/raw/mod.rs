//! A job file as written: plain structs, one file a step kind. Every key of a job file is a field here. The JSON Schema of a job file is derived from these structs,
//! and a file is checked against that schema before it becomes one of them.

mod collect;
mod command;
mod copy_to_staging;
mod job;
mod notify;
mod parallel_ctas;
mod publish_replica;
mod retry;
mod schedule;
mod sql;
mod step;
mod trigger;
mod value;

pub(crate) use collect::{
    RawAuth, RawBadRows, RawCollect, RawCommandSource, RawCsv, RawCursor, RawExpect, RawFileSource, RawFresh,
    RawHmacAuth, RawHttp, RawInto, RawLoadColumns, RawPaginate, RawPoll, RawQuery, RawRateLimit, RawReport, RawRequest,
    RawRequestRetry, RawRows, RawTls,
};
pub(crate) use command::RawCommand;
pub(crate) use copy_to_staging::{RawCopy, RawCopyFrom, RawCopyTo};
pub(crate) use job::RawJob;
pub(crate) use notify::{RawNotify, RawNotifyCommand};
pub(crate) use parallel_ctas::{RawCtas, RawIndex, RawWorkers};
pub(crate) use publish_replica::{RawPublish, RawPublishFrom, RawPublishTable, RawTableEntry};
pub(crate) use retry::RawRetry;
pub(crate) use schedule::RawSchedule;
pub(crate) use sql::RawSql;
pub(crate) use step::RawStep;
pub(crate) use trigger::RawTrigger;
pub(crate) use value::{Anything, Length, OneOrMany, Pairs, Scalar};
