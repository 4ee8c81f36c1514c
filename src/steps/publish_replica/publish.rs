//! One attempt: build, examine, bring to all places, show in each.
//!
//! The new file is made and examined once. It is brought to all places before any of them shows it, so that they change
//! close together; and a place that can't be reached is found out while none has changed.

use std::sync::OnceLock;
use std::time::Duration;

use crate::domain::failure::Failure;
use crate::domain::observation::Observation;
use crate::domain::outcome::Outcome;
use crate::domain::progress::Progress;
use crate::domain::replica::Manifest;
use crate::domain::step::{PublishSource, PublishStep};
use crate::steps::StepContext;
use crate::steps::replica::Fingerprint;
use crate::steps::spool::Spool;

use super::build::{Build, Made};
use super::examine::{Examined, examine, timed};
use super::outcome::{compaction, outcome, rounded};
use super::place::Place;
use super::show::{New, now};
use super::snapshot::Reading;
use super::target::{Brought, Target};
use super::verify::Expected;
use super::{master, shrink, snapshot, space};

/// Runs one attempt.
pub(in crate::steps) async fn run(step: &PublishStep, context: &StepContext) -> Result<Outcome, Failure> {
    let checks = step.checks.iter().map(|check| context.scope.sql(check)).collect::<Result<Vec<_>, _>>()?;
    let names = step.to.iter().map(|to| context.scope.text(to)).collect::<Result<Vec<_>, _>>()?;
    let targets = Target::find_all(&names, context)?;
    for target in &targets {
        target.prepare(context).await?;
    }
    let result = attempt(step, &checks, &targets, context).await;
    // After success there is nothing left of them to remove.
    for target in &targets {
        target.clean_up(context);
    }
    result
}

async fn attempt(
    step: &PublishStep,
    checks: &[String],
    targets: &[Target],
    context: &StepContext,
) -> Result<Outcome, Failure> {
    let mut shown: Vec<Option<Manifest>> = Vec::new();
    for target in targets {
        shown.push(target.shown_before(step.keep, context).await?);
    }
    let mut phases = Vec::new();
    if shown.iter().any(Option::is_none) {
        let mut round = Round { step, checks, targets, shown: &mut shown, context };
        Box::pin(round.publish(&mut phases)).await?;
    }
    let manifests: Vec<(String, Manifest)> =
        targets.iter().zip(shown).filter_map(|(target, shown)| Some((target.name(), shown?))).collect();
    // A generation of an earlier attempt may have been made from another state of the master.
    let compaction =
        manifests.first().filter(|_| !phases.is_empty()).and_then(|(_, manifest)| compaction(step, manifest, context));
    let mut outcome = outcome(&manifests, compaction, context);
    for (phase, took) in phases {
        context.host.observe(Observation::ReplicaPhase { phase, took });
        outcome.phases.insert(phase.to_owned(), rounded(took));
    }
    Ok(outcome)
}

/// Publishing to the places that don't have the new generation yet.
struct Round<'r> {
    step: &'r PublishStep,
    checks: &'r [String],
    targets: &'r [Target],
    /// What each place shows of this step.
    shown: &'r mut [Option<Manifest>],
    context: &'r StepContext,
}

impl Round<'_> {
    async fn publish(&mut self, phases: &mut Vec<(&'static str, Duration)>) -> Result<(), Failure> {
        let (step, targets, context) = (self.step, self.targets, self.context);
        let waiting: Vec<usize> = (0..targets.len()).filter(|index| self.shown[*index].is_none()).collect();
        let mut published = Vec::new();
        for index in &waiting {
            published.push(targets[*index].published(context).await?);
        }
        // Made beside the first place on a disk, where it need not be copied to.
        let on_disk = waiting.iter().find_map(|index| match &targets[*index] {
            Target::Local(place) => Some(place),
            Target::Remote(_) => None,
        });
        let spool = if on_disk.is_none() { Some(Spool::make(context)?) } else { None };
        let in_spool = spool.as_ref().map(|spool| Place::in_spool(spool, context)).transpose()?;
        let Some(place) = on_disk.or(in_spool.as_ref()) else {
            return Err(Failure::bug("there is no place to build in"));
        };
        let made_at = now();
        let before = published.iter().flatten().next();
        let ((made, fingerprint), built) = timed(Box::pin(build(step, before, place, context))).await?;
        for published in &published {
            shrink::refuse(published.as_ref(), &made.tables, step.max_shrink)?;
        }
        context.host.progress(Progress::phase("verifying the new file"));
        let is_copy = made.method == "copy";
        let expected =
            Expected { tables: &made.tables, storage_version: &step.storage_version, is_copy, checks: self.checks };
        let examined = Box::pin(examine(place, &expected, fingerprint, context)).await?;
        let build_phase = if matches!(step.source, PublishSource::Postgres { .. }) { "read" } else { made.method };
        phases.push((build_phase, built));
        phases.extend(examined.phases.iter().copied());
        let (brought, bringing) = timed(self.bring(&waiting, place, &examined)).await?;
        if waiting.len() > 1 || spool.is_some() {
            phases.push(("distribute", bringing));
        }
        let new = New {
            examined: &examined,
            method: made.method,
            source: connection_of(&step.source),
            made_at,
            max_shrink: step.max_shrink,
            keep: step.keep,
        };
        phases.push(("rename", self.show(&waiting, &brought, &new, place).await?));
        Ok(())
    }

    /// Brings the new file to all places. If one can't have it none keeps it.
    async fn bring(&self, waiting: &[usize], built: &Place, examined: &Examined) -> Result<Vec<Brought>, Failure> {
        let mut brought = Vec::new();
        for index in waiting {
            match self.targets[*index].bring(built, examined, self.context).await {
                Ok(one) => brought.push(one),
                Err(failure) => {
                    for (index, brought) in waiting.iter().zip(&brought) {
                        self.targets[*index].give_up(brought).await;
                    }
                    return Err(failure);
                }
            }
        }
        Ok(brought)
    }

    /// Shows it in one place after the other. Says how long that took in all, once it could begin.
    async fn show(
        &mut self,
        waiting: &[usize],
        brought: &[Brought],
        new: &New<'_>,
        built: &Place,
    ) -> Result<Duration, Failure> {
        let mut took = Duration::ZERO;
        for (position, index) in waiting.iter().enumerate() {
            match self.targets[*index].show(&brought[position], new, built, self.context).await {
                Ok((manifest, one)) => {
                    took += one;
                    self.shown[*index] = Some(manifest);
                }
                Err(failure) => {
                    for (index, brought) in waiting.iter().zip(brought).skip(position + 1) {
                        self.targets[*index].give_up(brought).await;
                    }
                    return Err(self.naming_those_that_have_it(failure));
                }
            }
        }
        Ok(took)
    }

    /// Says which places have the new generation although the step failed; the next attempt leaves them as they are.
    fn naming_those_that_have_it(&self, mut failure: Failure) -> Failure {
        let have = self.targets.iter().zip(&*self.shown).filter(|(_, shown)| shown.is_some());
        let have: Vec<String> = have.map(|(target, _)| target.name()).collect();
        if !have.is_empty() && self.targets.len() > 1 {
            failure.message =
                format!("{}; the new generation is already shown by {}", failure.message, have.join(", "));
        }
        failure
    }
}

/// Builds the hidden file; says its fingerprint as well, where it was taken on the way.
async fn build(
    step: &PublishStep,
    published: Option<&Manifest>,
    place: &Place,
    context: &StepContext,
) -> Result<(Made, Option<Fingerprint>), Failure> {
    let build = Build { place, storage_version: &step.storage_version, context, fingerprint: OnceLock::new() };
    let made = match &step.source {
        PublishSource::DuckDb { connection } => Box::pin(master::build(connection, step.method, &build)).await?,
        PublishSource::Postgres { connection, tables } => {
            if let Some(published) = published {
                space::refuse_if_short(place.folder(), published.bytes, context)?;
            }
            let reading = Reading { connection, tables, streams: step.streams, keys: step.keys };
            Box::pin(snapshot::build(reading, &build)).await?
        }
    };
    Ok((made, build.fingerprint.into_inner()))
}

fn connection_of(source: &PublishSource) -> &str {
    match source {
        PublishSource::DuckDb { connection } | PublishSource::Postgres { connection, .. } => connection,
    }
}
