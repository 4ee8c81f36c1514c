//! What generations that readers see have to say, to later steps and to the metrics.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::observation::Observation;
use crate::domain::outcome::Outcome;
use crate::domain::replica::{Manifest, ManifestTable};
use crate::domain::step::{PublishSource, PublishStep};
use crate::steps::StepContext;
use crate::steps::replica::TableRows;

/// The outcome of a step whose places show these generations. It speaks of the first place where places differ.
pub(super) fn outcome(shown: &[(String, Manifest)], compaction: Option<f64>, context: &StepContext) -> Outcome {
    for (place, manifest) in shown {
        context.host.observe(Observation::ReplicaPublished {
            path: place.clone(),
            bytes: manifest.bytes,
            generation: Some(manifest.generation),
            rows: manifest.rows,
            compaction,
        });
    }
    let places = shown.iter().map(|(place, manifest)| (place.clone(), manifest.generation)).collect();
    let Some((place, manifest)) = shown.first() else { return Outcome::default() };
    let named = |table: &ManifestTable| (TableRows::from(table).to_string(), table.rows);
    let tables: BTreeMap<String, u64> = manifest.tables.iter().map(named).collect();
    Outcome {
        rows: Some(manifest.rows),
        bytes: Some(manifest.bytes),
        path: Some(place.clone()),
        places,
        method: Some(manifest.method.clone()),
        generation: Some(manifest.generation),
        compaction,
        tables,
        ..Outcome::default()
    }
}

/// The replica's size as a share of its master's; asking for the master's opens nothing.
pub(super) fn compaction(step: &PublishStep, manifest: &Manifest, context: &StepContext) -> Option<f64> {
    let PublishSource::DuckDb { connection } = &step.source else { return None };
    let master = context.environment.duckdb(connection).ok()?;
    std::fs::metadata(master.path()).map(|found| ratio(manifest.bytes, found.len())).ok()
}

/// Seconds to the millisecond.
pub(super) fn rounded(took: Duration) -> f64 {
    (took.as_secs_f64() * 1000.0).round() / 1000.0
}

#[expect(clippy::cast_precision_loss, reason = "a ratio of sizes needs no more than 52 bits")]
fn ratio(part: u64, whole: u64) -> f64 {
    (part as f64 / whole as f64 * 1000.0).round() / 1000.0
}
