//! Two daemons that only the state database knows, and what they do with their runs.

use windlass::domain::ids::{DaemonId, RunId};
use windlass::domain::job::Job;
use windlass::domain::state::{AttemptState, RunState};
use windlass::store::{Capacities, StepLocks, StoreError, Waiters, Write};

use super::table::Table;
use crate::engine::world::{World, job};

/// Jobs with the locks of the whole run and of its second step. Up to two runs may hold one of class `pair`.
const JOBS: &[(&[&str], &[&str])] = &[
    (&["a"], &[]),
    (&["pair/x"], &[]),
    (&["a", "pair/x"], &[]),
    (&["b", "a"], &[]),
    (&["a"], &["pair/x"]),
    (&["pair/x"], &["a"]),
    (&[], &["b", "a"]),
    (&["b"], &["a"]),
    (&[], &[]),
];

/// How often all that is there to be done is done before somebody counts as starved.
const ROUNDS: usize = 200;

/// A run that a daemon has claimed.
struct Owned {
    run: RunId,
    job: usize,
    /// Attempts of its first step so far, and whether that one and the second one's locks are done with.
    attempts: u32,
    stage: Stage,
    to_be_ended: bool,
    /// Whether its first attempt was recorded with the claim, and has to be ended.
    begun: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    First,
    Locks,
    End,
}

struct Daemon {
    id: DaemonId,
    owned: Vec<Owned>,
}

/// The daemons and all runs.
pub(super) struct Model<'w> {
    world: &'w World,
    daemons: Vec<Daemon>,
    made: Vec<RunId>,
}

fn capacities() -> Capacities {
    Capacities([("pair".to_owned(), 2)].into())
}

fn job_of(index: usize) -> Job {
    let (whole, step) = JOBS[index];
    let mut job = job(&format!("job-{index}"), &["select 1", "select 2"]);
    job.locks = whole.iter().map(|name| (*name).into()).collect();
    job.steps[1].locks = step.iter().map(|name| (*name).into()).collect();
    job
}

impl<'w> Model<'w> {
    /// Two daemons, and nothing to do.
    pub(super) async fn new(world: &'w World) -> Self {
        let all = "truncate windlass.lock_request, windlass.lock_grant, windlass.attempt, windlass.run, windlass.daemon cascade";
        world.database.execute(all).await;
        let mut model = Self { world, daemons: Vec::new(), made: Vec::new() };
        for _ in 0..2 {
            let id = world.daemon_on_paper().await;
            model.daemons.push(Daemon { id, owned: Vec::new() });
        }
        model
    }

    pub(super) async fn look(&self) -> Table {
        Table::read(self.world).await
    }

    pub(super) async fn make(&mut self, job: usize) {
        self.made.push(self.world.start(&job_of(job % JOBS.len())).await);
    }

    pub(super) async fn claim(&mut self, daemon: usize) {
        let claimed = self.ask(daemon).await;
        self.daemons[daemon].owned.extend(claimed);
    }

    pub(super) async fn claim_both(&mut self) {
        let (one, other) = tokio::join!(self.ask(0), self.ask(1));
        self.daemons[0].owned.extend(one);
        self.daemons[1].owned.extend(other);
    }

    async fn ask(&self, daemon: usize) -> Option<Owned> {
        let claimed = self.world.claim(self.daemons[daemon].id, &capacities()).await.unwrap()?;
        let job = claimed.job.definition.job.name.trim_start_matches("job-").parse().unwrap();
        let done = claimed.attempts.iter().any(|attempt| attempt.state == AttemptState::Succeeded);
        let attempts = u32::try_from(claimed.attempts.len()).unwrap();
        let stage = if done { Stage::Locks } else { Stage::First };
        Some(Owned {
            run: claimed.id,
            job,
            attempts,
            stage,
            to_be_ended: claimed.cancel_requested,
            begun: claimed.begun,
        })
    }

    /// One of a daemon's runs gets further.
    pub(super) async fn advance(&mut self, daemon: usize, chosen: usize) {
        let (store, id) = (&self.world.store, self.daemons[daemon].id);
        let owned = &mut self.daemons[daemon].owned;
        if owned.is_empty() {
            return;
        }
        let place = chosen % owned.len();
        let one = &mut owned[place];
        one.begun = false;
        let end = |state| vec![Write::EndRun { state, failure: None, waiters: Waiters::Any }];
        let writes = match one.stage {
            _ if one.to_be_ended => end(RunState::Cancelled),
            Stage::First => {
                one.stage = Stage::Locks;
                let (step, number) = (0, one.attempts + 1);
                let state = AttemptState::Succeeded;
                vec![Write::Start { step, number }, Write::End { step, number, state, outcome: None, failure: None }]
            }
            Stage::Locks => {
                let names: Vec<String> = JOBS[one.job].1.iter().map(|name| (*name).to_owned()).collect();
                match store.ask_for_step(id, one.run, 1, &names, &capacities()).await.unwrap() {
                    StepLocks::Held(_) => {
                        one.stage = Stage::End;
                        return;
                    }
                    StepLocks::Waiting(reason) => vec![Write::GiveWay { reason }],
                    StepLocks::Never(_) => end(RunState::Failed),
                }
            }
            Stage::End => end(RunState::Succeeded),
        };
        store.record(id, one.run, &writes).await.unwrap();
        if !matches!(writes[0], Write::Start { .. }) {
            owned.remove(place);
        }
    }

    pub(super) async fn cancel(&mut self, chosen: usize) {
        let Some(run) = self.made.get(chosen % self.made.len().max(1)) else { return };
        self.world.store.cancel_run(*run).await.unwrap();
        for one in self.daemons.iter_mut().flat_map(|daemon| &mut daemon.owned).filter(|one| one.run == *run) {
            one.to_be_ended = true;
        }
    }

    pub(super) async fn crash(&mut self, daemon: usize) {
        assert!(self.world.store.take_over(self.daemons[daemon].id, true).await.unwrap().is_some());
        self.daemons[daemon] = Daemon { id: self.world.daemon_on_paper().await, owned: Vec::new() };
    }

    /// A daemon is given up, wakes up, and tries to go on.
    pub(super) async fn lapse(&mut self, daemon: usize) {
        let (store, id) = (&self.world.store, self.daemons[daemon].id);
        assert_eq!(store.take_over(id, false).await.unwrap(), None, "its lease is good");
        let lapse = format!("update windlass.daemon set lease_until = now() - interval '1 second' where id = '{id}'");
        self.world.database.execute(&lapse).await;
        assert!(store.take_over(id, false).await.unwrap().is_some());
        for one in &self.daemons[daemon].owned {
            let late = store.ask_for_step(id, one.run, 1, &["a".to_owned()], &capacities()).await;
            assert!(matches!(late, Err(StoreError::NotOwner { .. })), "{late:?}");
        }
        let late = self.world.claim(id, &capacities()).await;
        assert!(matches!(late, Err(StoreError::NotOwner { .. })), "{late:?}");
        self.daemons[daemon] = Daemon { id: self.world.daemon_on_paper().await, owned: Vec::new() };
    }

    pub(super) async fn drain(&mut self, daemon: usize) {
        let id = self.daemons[daemon].id;
        for one in std::mem::take(&mut self.daemons[daemon].owned) {
            let (state, outcome, failure) = (AttemptState::Cancelled, None, None);
            let left = one.begun.then_some(Write::End { step: 0, number: 1, state, outcome, failure });
            let writes: Vec<Write> = left.into_iter().chain([Write::Requeue]).collect();
            self.world.store.record(id, one.run, &writes).await.unwrap();
        }
    }

    /// Does what there is to do until every run has ended.
    pub(super) async fn finish(&mut self) -> Result<(), String> {
        let open = "select count(*) from windlass.run where ended_at is null";
        for round in 0..ROUNDS {
            if self.world.database.value(open).await == "0" {
                return Ok(());
            }
            self.claim_both().await;
            for daemon in 0..2 {
                for place in 0..self.daemons[daemon].owned.len() {
                    self.advance(daemon, place + round).await;
                }
            }
        }
        Err(format!("starved: {:#?}", self.look().await))
    }

    pub(super) async fn leave(&self) {
        for daemon in &self.daemons {
            self.world.store.leave(daemon.id).await.unwrap();
        }
    }
}
