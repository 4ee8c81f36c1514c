//! The engine as single steps see it, over memory.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono_tz::Tz;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::Notify;
use uuid::Uuid;
use windlass::domain::failure::Failure;
use windlass::domain::ids::RunId;
use windlass::domain::note::Note;
use windlass::domain::observation::Observation;
use windlass::domain::outcome::Outcome;
use windlass::domain::progress::Progress;
use windlass::domain::state::RunState;
use windlass::domain::template::{RunScope, Scope};
use windlass::steps::{Ahead, Connection, Environment, Host, Level, StepContext, StopSignal};

/// Longest wait for something that a step is expected to do.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

type AtProgress = Box<dyn Fn(&Progress) + Send>;

/// Records what a step says, and answers as it was told to.
#[derive(Default)]
pub(crate) struct MemoryHost {
    /// Lines of the attempt's log.
    pub(crate) lines: Mutex<Vec<(Level, String)>>,
    /// All that the step said about its progress.
    pub(crate) progress: Mutex<Vec<Progress>>,
    /// All that the step counted.
    pub(crate) observations: Mutex<Vec<Observation>>,
    /// Asked in place of the state database: a failure is what the gate answers.
    pub(crate) gate: Mutex<Option<Failure>>,
    /// How a run that was waited for ended.
    pub(crate) end: Mutex<Option<RunState>>,
    /// Jobs that were triggered.
    pub(crate) triggered: Mutex<Vec<(String, BTreeMap<String, String>)>>,
    /// Turns that the step has asked for and not given back.
    pub(crate) reserved: Mutex<Vec<String>>,
    /// Who is said to be ahead in the queue for a turn. While there is somebody the turn doesn't come.
    pub(crate) ahead: Mutex<Option<String>>,
    /// Notes that steps have left.
    pub(crate) notes: Mutex<Vec<Note>>,
    /// Called with all that the step says about its progress, at that very moment.
    pub(crate) at_progress: Mutex<Option<AtProgress>>,
    /// What the step came to in the last run.
    pub(crate) last: Mutex<Option<Outcome>>,
    held: Mutex<Option<Arc<Notify>>>,
    changed: Notify,
    at_gate: Notify,
}

impl MemoryHost {
    /// Waits for a line that holds `text`.
    pub(crate) async fn line_with(&self, text: &str) -> String {
        self.until(&format!("a line with `{text}`"), || self.find(text)).await
    }

    /// The first line that holds `text`.
    pub(crate) fn find(&self, text: &str) -> Option<String> {
        self.lines.lock().unwrap().iter().map(|(_, line)| line.clone()).find(|line| line.contains(text))
    }

    /// Waits for a progress that satisfies `wanted`.
    pub(crate) async fn progress_with(&self, wanted: impl Fn(&Progress) -> bool) -> Progress {
        self.until("a progress", || self.progress.lock().unwrap().iter().find(|one| wanted(one)).cloned()).await
    }

    /// Makes the next visit to the gate wait until the returned handle is notified.
    pub(crate) fn hold_gate(&self) -> Arc<Notify> {
        let open = Arc::new(Notify::new());
        *self.held.lock().unwrap() = Some(Arc::clone(&open));
        open
    }

    /// Lets everybody through that comes to the gate from now on; who waits there is notified by the handle.
    pub(crate) fn open_gate(&self) {
        *self.held.lock().unwrap() = None;
    }

    /// Waits until the step has come to the gate.
    pub(crate) async fn gate_reached(&self) {
        tokio::time::timeout(PATIENCE, self.at_gate.notified()).await.expect("the step should come to the gate");
    }

    async fn until<T>(&self, what: &str, find: impl Fn() -> Option<T>) -> T {
        let found = async {
            loop {
                let changed = self.changed.notified();
                if let Some(found) = find() {
                    return found;
                }
                changed.await;
            }
        };
        let found = tokio::time::timeout(PATIENCE, found).await;
        found.unwrap_or_else(|_| panic!("no {what} among {:?}", self.lines.lock().unwrap()))
    }
}

impl Host for MemoryHost {
    fn log(&self, level: Level, message: &str) {
        self.lines.lock().unwrap().push((level, message.to_owned()));
        self.changed.notify_waiters();
    }

    fn progress(&self, progress: Progress) {
        if let Some(call) = &*self.at_progress.lock().unwrap() {
            call(&progress);
        }
        self.progress.lock().unwrap().push(progress);
        self.changed.notify_waiters();
    }

    fn observe(&self, observation: Observation) {
        self.observations.lock().unwrap().push(observation);
        self.changed.notify_waiters();
    }

    fn gate(&self) -> BoxFuture<'_, Result<(), Failure>> {
        let held = self.held.lock().unwrap().take();
        self.at_gate.notify_one();
        async move {
            if let Some(open) = held {
                open.notified().await;
            }
            self.gate.lock().unwrap().clone().map_or(Ok(()), Err)
        }
        .boxed()
    }

    fn trigger(&self, job: &str, params: BTreeMap<String, String>) -> BoxFuture<'_, Result<RunId, Failure>> {
        self.triggered.lock().unwrap().push((job.to_owned(), params));
        async { Ok(RunId(Uuid::nil())) }.boxed()
    }

    fn reserve<'a>(&'a self, name: &'a str, ahead: Ahead<'a>) -> BoxFuture<'a, Result<(), Failure>> {
        self.reserved.lock().unwrap().push(name.to_owned());
        self.changed.notify_waiters();
        async move {
            let somebody = self.ahead.lock().unwrap().clone();
            if let Some(somebody) = somebody {
                ahead(&somebody);
                return std::future::pending().await;
            }
            Ok(())
        }
        .boxed()
    }

    fn give_back<'a>(&'a self, name: &'a str) -> BoxFuture<'a, ()> {
        self.reserved.lock().unwrap().retain(|reserved| reserved != name);
        async {}.boxed()
    }

    fn ended(&self, _run: RunId) -> BoxFuture<'_, Result<RunState, Failure>> {
        let end = *self.end.lock().unwrap();
        async move {
            match end {
                Some(state) => Ok(state),
                None => std::future::pending().await,
            }
        }
        .boxed()
    }

    fn last_outcome(&self) -> BoxFuture<'_, Result<Option<Outcome>, Failure>> {
        let last = self.last.lock().unwrap().clone();
        async move { Ok(last) }.boxed()
    }

    fn note<'a>(&'a self, name: &'a str, value: serde_json::Value) -> BoxFuture<'a, Result<(), Failure>> {
        let note = Note { run: RunId(Uuid::nil()), name: name.to_owned(), value, params: BTreeMap::new() };
        self.notes.lock().unwrap().push(note);
        self.changed.notify_waiters();
        async { Ok(()) }.boxed()
    }

    fn notes(&self) -> BoxFuture<'_, Result<Vec<Note>, Failure>> {
        let notes = self.notes.lock().unwrap().clone();
        async { Ok(notes) }.boxed()
    }

    fn forget<'a>(&'a self, note: &'a Note) -> BoxFuture<'a, Result<(), Failure>> {
        self.notes.lock().unwrap().retain(|known| (&known.name, &known.value) != (&note.name, &note.value));
        async { Ok(()) }.boxed()
    }
}

/// An attempt in the folder `base`, with its engine.
pub(crate) fn attempt(base: &Path, connections: BTreeMap<String, Connection>) -> (StepContext, Arc<MemoryHost>) {
    let host = Arc::new(MemoryHost::default());
    let run = RunScope {
        id: "r".into(),
        job: "시험".into(),
        scheduled_for: "2026-11-20T21:30:00Z".parse().unwrap(),
        attempt: 1,
    };
    let context = StepContext {
        run: RunId(Uuid::now_v7()),
        step_index: 0,
        step_id: "step".into(),
        attempt: 1,
        round: 1,
        scope: Scope::of_run(run, BTreeMap::from([("who".to_owned(), "$HOME; 'a b'".to_owned())]), Tz::Asia__Seoul),
        environment: Arc::new(Environment { connections, spool: base.join("spool"), ..Environment::default() }),
        host: Arc::<MemoryHost>::clone(&host),
        stop: StopSignal::new(),
        base: base.to_owned(),
        lock_token: None,
    };
    (context, host)
}
