//! One attempt: build, examine, show.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use crate::domain::failure::Failure;
use crate::domain::observation::Observation;
use crate::domain::outcome::Outcome;
use crate::domain::progress::Progress;
use crate::domain::replica::{Manifest, ManifestTable};
use crate::domain::step::{PublishSource, PublishStep};
use crate::steps::StepContext;
use crate::steps::replica::{Fingerprint, State, TableRows, refused};

use super::build::{Build, Made};
use super::examine::{examine, timed};
use super::place::Place;
use super::show::{New, now, show, shown_before};
use super::verify::Expected;
use super::{master, shrink, snapshot, space};

/// Runs one attempt.
pub(in crate::steps) async fn run(step: &PublishStep, context: &StepContext) -> Result<Outcome, Failure> {
    let checks = step.checks.iter().map(|check| context.scope.sql(check)).collect::<Result<Vec<_>, _>>()?;
    let place = Place::find(&context.scope.text(&step.to[0])?, context)?;
    place.prepare(context)?;
    let result = match Box::pin(shown_before(&place, step.keep, context)).await? {
        Some(manifest) => Ok(outcome(&manifest, None, &place, context)),
        None => attempt(step, &checks, &place, context).await,
    };
    // After success there is nothing left of them to remove.
    place.remove_temporary(context);
    // A child process of an attempt that was killed may have begun to write after the first sweep.
    drop(place.sweep(context));
    result
}

async fn attempt(
    step: &PublishStep,
    checks: &[String],
    place: &Place,
    context: &StepContext,
) -> Result<Outcome, Failure> {
    let published = State::read(place.layout()).map_err(|error| refused(&place.doing(), &error))?.manifest;
    let made_at = now();
    let ((made, fingerprint), built) = timed(Box::pin(build(step, published.as_ref(), place, context))).await?;
    let connection = connection_of(&step.source);
    shrink::refuse(published.as_ref(), &made.tables, step.max_shrink)?;
    context.host.progress(Progress::phase("verifying the new file"));
    let is_copy = made.method == "copy";
    let expected = Expected { tables: &made.tables, storage_version: &step.storage_version, is_copy, checks };
    let examined = Box::pin(examine(place, &expected, fingerprint, context)).await?;
    let new = New {
        examined: &examined,
        method: made.method,
        source: connection,
        made_at,
        max_shrink: step.max_shrink,
        keep: step.keep,
    };
    let (manifest, shown) = Box::pin(show(&new, place, context)).await?;
    let build_phase = if matches!(step.source, PublishSource::Postgres { .. }) { "read" } else { made.method };
    let compaction = master_bytes(&step.source, context).map(|bytes| ratio(manifest.bytes, bytes));
    let mut outcome = outcome(&manifest, compaction, place, context);
    for (phase, took) in [(build_phase, built)].into_iter().chain(examined.phases).chain([("rename", shown)]) {
        context.host.observe(Observation::ReplicaPhase { phase, took });
        outcome.phases.insert(phase.to_owned(), rounded(took));
    }
    Ok(outcome)
}

/// Builds the hidden file. Says its fingerprint where it is known already.
async fn build(
    step: &PublishStep,
    published: Option<&Manifest>,
    place: &Place,
    context: &StepContext,
) -> Result<(Made, Option<Fingerprint>), Failure> {
    let fingerprint = OnceLock::new();
    let build = Build { place, storage_version: &step.storage_version, context, fingerprint };
    let made = match &step.source {
        PublishSource::DuckDb { connection } => Box::pin(master::build(connection, step.method, &build)).await?,
        PublishSource::Postgres { connection, tables } => {
            if let Some(published) = published {
                space::refuse_if_short(place.folder(), published.bytes, context)?;
            }
            Box::pin(snapshot::build(connection, tables, &build)).await?
        }
    };
    Ok((made, build.fingerprint.into_inner()))
}

/// What a generation that readers see has to say, to the metrics at once.
fn outcome(manifest: &Manifest, compaction: Option<f64>, place: &Place, context: &StepContext) -> Outcome {
    let path = place.path().display().to_string();
    let generation = Some(manifest.generation);
    context.host.observe(Observation::ReplicaPublished {
        path: path.clone(),
        bytes: manifest.bytes,
        generation,
        rows: manifest.rows,
        compaction,
    });
    let named = |table: &ManifestTable| (TableRows::from(table).to_string(), table.rows);
    let tables: BTreeMap<String, u64> = manifest.tables.iter().map(named).collect();
    Outcome {
        rows: Some(manifest.rows),
        bytes: Some(manifest.bytes),
        path: Some(path),
        method: Some(manifest.method.clone()),
        generation,
        compaction,
        tables,
        ..Outcome::default()
    }
}

fn connection_of(source: &PublishSource) -> &str {
    match source {
        PublishSource::DuckDb { connection } | PublishSource::Postgres { connection, .. } => connection,
    }
}

/// The size of the master's file; asking for it opens nothing.
fn master_bytes(source: &PublishSource, context: &StepContext) -> Option<u64> {
    let PublishSource::DuckDb { connection } = source else { return None };
    let master = context.environment.duckdb(connection).ok()?;
    std::fs::metadata(master.path()).map(|found| found.len()).ok()
}

/// Seconds to the millisecond.
fn rounded(took: Duration) -> f64 {
    (took.as_secs_f64() * 1000.0).round() / 1000.0
}

#[expect(clippy::cast_precision_loss, reason = "a ratio of sizes needs no more than 52 bits")]
fn ratio(part: u64, whole: u64) -> f64 {
    (part as f64 / whole as f64 * 1000.0).round() / 1000.0
}
