//! One attempt: build, verify, show.

use std::collections::BTreeMap;

use crate::domain::failure::Failure;
use crate::domain::observation::Observation;
use crate::domain::outcome::Outcome;
use crate::domain::progress::Progress;
use crate::domain::step::{PublishSource, PublishStep};
use crate::steps::StepContext;

use super::build::Build;
use super::place::Place;
use super::{master, snapshot, verify};

/// Runs one attempt.
pub(in crate::steps) async fn run(step: &PublishStep, context: &StepContext) -> Result<Outcome, Failure> {
    let checks = step.checks.iter().map(|check| context.scope.sql(check)).collect::<Result<Vec<_>, _>>()?;
    let place = Place::find(&context.scope.text(&step.to[0])?, context)?;
    place.prepare(context)?;
    let result = attempt(step, &checks, &place, context).await;
    // After success there is nothing left of them to remove.
    place.remove_temporary(context);
    result
}

async fn attempt(
    step: &PublishStep,
    checks: &[String],
    place: &Place,
    context: &StepContext,
) -> Result<Outcome, Failure> {
    let build = Build { place, storage_version: &step.storage_version, context };
    let made = match &step.source {
        PublishSource::DuckDb { connection } => Box::pin(master::build(connection, step.method, &build)).await?,
        PublishSource::Postgres { connection, tables } => {
            Box::pin(snapshot::build(connection, tables, step.streams, &build)).await?
        }
    };
    context.host.progress(Progress::phase("verifying the new file"));
    Box::pin(verify::verify(place, &made.tables, checks, context)).await?;
    context.host.progress(Progress::phase("publishing"));
    let bytes = Box::pin(place.show(context)).await?;
    let path = place.path().display().to_string();
    context.host.observe(Observation::ReplicaPublished { path: path.clone(), bytes, generation: None });
    let tables: BTreeMap<String, u64> = made.tables.iter().map(|table| (table.to_string(), table.rows)).collect();
    Ok(Outcome {
        rows: Some(tables.values().sum()),
        bytes: Some(bytes),
        path: Some(path),
        method: Some(made.method.to_owned()),
        tables,
        ..Outcome::default()
    })
}
