//! What the page of jobs is made from. A handful of statements, whatever the number of jobs and runs.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use chrono_tz::Tz;

use super::filter::Filter;
use crate::api::backend::Backend;
use crate::api::pages::parts::strip::Bar;
use crate::api::pages::parts::time;
use crate::api::pages::problem::Problem;
use crate::api::pages::view::View;
use crate::domain::alert::{Alert, AlertKind};
use crate::domain::finding::Verdict;
use crate::domain::job::Job;
use crate::domain::run::Run;
use crate::domain::state::RunState;
use crate::engine::ReplicaLook;
use crate::store::{AlertFilter, DaemonRow, JobOverview, LockRow, RunBrief, RunFilter, StoredJob};

/// Runs in a strip.
pub(in crate::api::pages) const STRIP: u32 = 30;

/// Runs whose durations say what is usual, and how many are needed to say so.
const USUAL: usize = 20;
const USUAL_LEAST: usize = 3;

/// Failing jobs that are told one by one.
pub(super) const FAILING: usize = 12;

/// How far back alerts are looked for, and how many of them.
const DAY: TimeDelta = TimeDelta::days(1);
const ALERTS: u32 = 200;

/// What is known.
pub(in crate::api::pages) struct Facts {
    /// All jobs by name.
    pub(super) jobs: Vec<JobOverview>,
    /// Their definitions by hash.
    definitions: HashMap<String, Arc<StoredJob>>,
    /// Places in `jobs` of those that the filter leaves, in its order.
    pub(super) chosen: Vec<usize>,
    /// Last runs of those that are shown.
    strips: BTreeMap<String, Vec<RunBrief>>,
    /// Runs whose failure nothing has made good, newest first.
    pub(super) failing: Vec<Run>,
    /// Deadlines that were missed in the last day, newest first.
    pub(super) alerts: Vec<Alert>,
    /// How much of what jobs need doesn't work, as daemons last found.
    pub(super) problems: usize,
    /// Locks.
    pub(super) locks: Vec<LockRow>,
    /// Daemons with a lease.
    pub(super) daemons: Vec<DaemonRow>,
    /// Replicas that are older than they may be.
    pub(super) stale: Vec<ReplicaLook>,
}

impl Facts {
    /// Reads them.
    pub(super) async fn read(backend: &Backend, filter: &Filter, view: &View) -> Result<Self, Problem> {
        let store = &backend.store;
        let stale = backend.replicas.stale_lately(store, view.now);
        let recent = AlertFilter { since: Some(view.now - DAY), limit: ALERTS, ..AlertFilter::default() };
        let (jobs, locks, daemons, stale, mut alerts, findings) = tokio::try_join!(
            store.overview(),
            store.locks(),
            store.daemons(),
            stale,
            store.alerts(&recent),
            store.findings()
        )?;
        alerts.retain(|alert| alert.kind == AlertKind::Deadline);
        let problems = findings.iter().filter(|row| row.finding.verdict > Verdict::Warning).count();
        let definitions = store.definitions_of(&jobs).await?;
        let mut facts = Self {
            jobs,
            definitions,
            chosen: vec![],
            strips: BTreeMap::new(),
            failing: vec![],
            alerts,
            problems,
            locks,
            daemons,
            stale,
        };
        facts.chosen = filter.choose(&facts);
        let shown: Vec<&str> = filter.page_of(&facts.chosen).iter().map(|at| facts.jobs[*at].name.as_str()).collect();
        let mut failing: Vec<_> = facts.jobs.iter().filter_map(|job| job.failing).collect();
        failing.sort_unstable_by(|one, other| other.cmp(one));
        failing.truncate(FAILING);
        let wanted =
            RunFilter { limit: u32::try_from(failing.len()).unwrap_or(0), ids: failing, ..RunFilter::default() };
        let (strips, failing) = tokio::try_join!(store.strips(&shown, STRIP), async {
            // No ids would mean all runs.
            if wanted.ids.is_empty() { Ok(vec![]) } else { store.runs(&wanted).await }
        })?;
        (facts.strips, facts.failing) = (strips, failing);
        Ok(facts)
    }

    /// Whether what an alert says is so still: nothing of its job has succeeded since, and it is the newest.
    pub(super) fn still_true(&self, alert: &Alert) -> bool {
        let job = self.jobs.iter().find(|job| job.name == alert.job);
        let good = job.and_then(|job| job.last.as_ref()).filter(|last| last.state == RunState::Succeeded.label());
        let newest = self.alerts.iter().find(|other| other.job == alert.job);
        job.is_some()
            && good.and_then(|last| last.ended_at).is_none_or(|ended| ended < alert.at)
            && newest.is_some_and(|newest| newest.id == alert.id)
    }

    /// A job's definition.
    pub(super) fn job(&self, job: &JobOverview) -> Option<&Job> {
        self.definitions.get(&job.definition).map(|stored| &stored.definition.job)
    }

    /// A job's zone.
    pub(super) fn zone(job: &JobOverview) -> Tz {
        job.schedule.as_ref().map_or(Tz::UTC, |schedule| schedule.zone)
    }

    /// The zone of the job of that name.
    pub(super) fn zone_of(&self, name: &str) -> Tz {
        let found = self.jobs.binary_search_by(|job| job.name.as_str().cmp(name));
        found.map_or(Tz::UTC, |at| Self::zone(&self.jobs[at]))
    }

    /// A job's last runs, oldest first.
    pub(super) fn strip(&self, job: &JobOverview) -> &[RunBrief] {
        self.strips.get(&job.name).map(Vec::as_slice).unwrap_or_default()
    }
}

/// How long a run took; of one that goes on, so far.
pub(super) fn took(run: &RunBrief, view: &View) -> Option<Duration> {
    let started = run.started_at?;
    match run.ended_at {
        Some(ended) => Some(time::between(started, ended)),
        // How tall a bar grows isn't worth a message each second.
        None if view.streamed => None,
        None => Some(time::between(started, view.now)),
    }
}

/// The median duration of the last successful runs, if there are enough to say so.
pub(in crate::api::pages) fn usual(runs: &[RunBrief]) -> Option<Duration> {
    let succeeded = runs.iter().rev().filter(|run| run.state == "succeeded");
    let ended = succeeded.filter_map(|run| Some(time::between(run.started_at?, run.ended_at?)));
    let mut durations: Vec<Duration> = ended.take(USUAL).collect();
    durations.sort_unstable();
    (durations.len() >= USUAL_LEAST).then(|| durations[durations.len() / 2])
}

/// Runs as bars of a strip.
pub(in crate::api::pages) fn bars(runs: &[RunBrief], view: &View) -> Vec<Bar> {
    let bar =
        |run: &RunBrief| Bar { run: run.id, state: run.state.clone(), took: took(run, view), at: run.scheduled_for };
    runs.iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::RunId;

    fn run(state: &str, seconds: i64) -> RunBrief {
        let at = chrono::DateTime::UNIX_EPOCH;
        let ended_at = Some(at + chrono::TimeDelta::seconds(seconds));
        RunBrief {
            id: RunId(uuid::Uuid::nil()),
            state: state.to_owned(),
            trigger: "schedule".to_owned(),
            scheduled_for: at,
            created_at: at,
            started_at: Some(at),
            ended_at,
            waiting_for: None,
        }
    }

    #[test]
    fn usual_is_the_median_of_successes_and_needs_a_few() {
        let runs = [run("succeeded", 10), run("failed", 900), run("succeeded", 30), run("succeeded", 20)];
        assert_eq!(usual(&runs), Some(Duration::from_secs(20)));
        assert_eq!(usual(&runs[..3]), None);
    }
}
