//! What a step that succeeded has to say: for the UI, for metrics, for later steps' templates (`steps.<id>.rows`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The result of a successful attempt. Absent means: not applicable to this kind of step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Outcome {
    /// Rows written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Bytes moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// How the parallel workers of a CTAS came out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workers: Option<Workers>,
    /// The plan of a query, one line a node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// COPY's format: `binary`, `text`, or `binary and text` where a step copies tables of both kinds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// The table that was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// Rows by table, where a step writes several.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tables: BTreeMap<String, u64>,
    /// Files that were taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<u64>,
    /// Pages that the attempt before had fetched, and that this one went on from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pages_kept: Option<u64>,
    /// Rows that couldn't be read and were put aside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejected: Option<u64>,
    /// Columns that the table got.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub new_columns: Vec<String>,
    /// How many parts were copied side by side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub streams: Option<u32>,
    /// How long the copying itself took, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// Where the source's write-ahead log stood at the moment that was copied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lsn: Option<String>,
    /// What was compared on both sides: `rows` or `checksum`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<String>,
    /// The file that was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The generation of a replica in each of its places.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub places: BTreeMap<String, u64>,
    /// How a replica was made: `copy` or `compact`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The generation that was published, counted from one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<u64>,
    /// Seconds by phase.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub phases: BTreeMap<String, f64>,
    /// Size of a replica as a share of its master's: below one where compacting made it smaller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compaction: Option<f64>,
    /// A program's exit code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The run that was triggered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
}

impl Outcome {
    /// The keys that an outcome may have, as later steps' templates name them.
    pub const KEYS: &[&str] = &[
        "rows",
        "bytes",
        "workers",
        "plan",
        "format",
        "table",
        "tables",
        "files",
        "pages_kept",
        "rejected",
        "new_columns",
        "streams",
        "seconds",
        "lsn",
        "verified",
        "path",
        "places",
        "method",
        "generation",
        "phases",
        "compaction",
        "exit_code",
        "run",
    ];
}

/// How the parallel workers of a CTAS came out. `planned` is PostgreSQL's Workers Planned, `achieved` its Workers
/// Launched, both of the costliest Gather of the plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Workers {
    /// The number wanted.
    pub target: u32,
    /// The number that is enough on the last attempt.
    pub minimum: u32,
    /// Workers Planned.
    pub planned: u32,
    /// Workers Launched; where they were only sampled, the most that were seen at once.
    pub achieved: u32,
    /// Whether as many were launched as were wanted.
    pub target_met: bool,
    /// Attempts needed, counting the one that went through.
    pub attempts: u32,
    /// Time waited for free slots, in seconds.
    pub slot_wait_s: f64,
    /// Time that went into attempts that were cancelled or thrown away, and the pauses after them, in seconds.
    pub lost_s: f64,
    /// How they were counted: `exact` or `sampled`.
    pub measure: String,
    /// What each of the attempts at it came to, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tries: Vec<WorkersTry>,
    /// Every Gather of the plan, in its order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gathers: Vec<GatherWorkers>,
    /// Settings that were raised and without which the plan would have had fewer workers: `parallel_tuple_cost = 0`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub helped: Vec<String>,
}

impl Workers {
    /// The keys of it, as templates name them.
    pub const KEYS: &[&str] = &[
        "target",
        "minimum",
        "planned",
        "achieved",
        "target_met",
        "attempts",
        "slot_wait_s",
        "lost_s",
        "measure",
        "tries",
        "gathers",
        "helped",
    ];
}

/// One of the attempts that a CTAS makes at its workers, all within one attempt of the step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WorkersTry {
    /// Workers that were launched, or were free where nothing was run.
    pub workers: u32,
    /// Whether the query was run.
    pub ran: bool,
    /// Why it fell short; absent of the one that went through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub short: Option<String>,
}

/// The workers of one Gather.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GatherWorkers {
    /// Workers Planned.
    pub planned: u32,
    /// Workers Launched, the last time if it ran several times. Absent where workers were only sampled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub achieved: Option<u32>,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_keys_are_those_that_are_written() {
        let workers = Workers {
            tries: vec![WorkersTry::default()],
            gathers: vec![GatherWorkers::default()],
            helped: vec![String::new()],
            ..Workers::default()
        };
        let text = || Some(String::new());
        let full = Outcome {
            rows: Some(0),
            bytes: Some(0),
            workers: Some(workers),
            plan: text(),
            format: text(),
            table: text(),
            tables: BTreeMap::from([(String::new(), 0)]),
            files: Some(1),
            pages_kept: Some(1),
            rejected: Some(1),
            new_columns: vec![String::new()],
            streams: Some(1),
            seconds: Some(0.0),
            lsn: text(),
            verified: text(),
            path: text(),
            places: BTreeMap::from([(String::new(), 0)]),
            method: text(),
            generation: Some(1),
            phases: BTreeMap::from([(String::new(), 0.0)]),
            compaction: Some(1.0),
            exit_code: Some(0),
            run: text(),
        };
        let written = serde_json::to_value(full).unwrap();
        let keys = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
        let known = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(keys(&written), known(Outcome::KEYS));
        assert_eq!(keys(&written["workers"]), known(Workers::KEYS));
    }
}
