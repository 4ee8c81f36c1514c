//! The engine as single steps see it, over memory.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use chrono_tz::Tz;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use uuid::Uuid;
use windlass::domain::failure::Failure;
use windlass::domain::ids::RunId;
use windlass::domain::observation::Observation;
use windlass::domain::progress::Progress;
use windlass::domain::state::RunState;
use windlass::domain::template::{RunScope, Scope};
use windlass::steps::{Connection, Environment, Host, Level, StepContext, StopSignal};

/// Records what a step says, and answers as it was told to.
#[derive(Default)]
pub(crate) struct MemoryHost {
    /// Lines of the attempt's log.
    pub(crate) lines: Mutex<Vec<(Level, String)>>,
    /// Asked in place of the state database.
    pub(crate) gate: Mutex<Option<Failure>>,
    /// How a run that was waited for ended.
    pub(crate) end: Mutex<Option<RunState>>,
    /// Jobs that were triggered.
    pub(crate) triggered: Mutex<Vec<(String, BTreeMap<String, String>)>>,
    line_added: tokio::sync::Notify,
}

impl MemoryHost {
    /// Waits for a line that holds `text`.
    pub(crate) async fn line_with(&self, text: &str) -> String {
        let found = async {
            loop {
                let added = self.line_added.notified();
                if let Some(line) = self.find(text) {
                    return line;
                }
                added.await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), found)
            .await
            .unwrap_or_else(|_| panic!("no line with `{text}` among {:?}", self.lines.lock().unwrap()))
    }

    /// The first line that holds `text`.
    pub(crate) fn find(&self, text: &str) -> Option<String> {
        self.lines.lock().unwrap().iter().map(|(_, line)| line.clone()).find(|line| line.contains(text))
    }
}

impl Host for MemoryHost {
    fn log(&self, level: Level, message: &str) {
        self.lines.lock().unwrap().push((level, message.to_owned()));
        self.line_added.notify_waiters();
    }

    fn progress(&self, _progress: Progress) {}

    fn observe(&self, _observation: Observation) {}

    fn gate(&self) -> BoxFuture<'_, Result<(), Failure>> {
        let answer = self.gate.lock().unwrap().clone();
        async move { answer.map_or(Ok(()), Err) }.boxed()
    }

    fn trigger(&self, job: &str, params: BTreeMap<String, String>) -> BoxFuture<'_, Result<RunId, Failure>> {
        self.triggered.lock().unwrap().push((job.to_owned(), params));
        async { Ok(RunId(Uuid::nil())) }.boxed()
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
        scope: Scope::of_run(run, BTreeMap::from([("who".to_owned(), "$HOME; 'a b'".to_owned())]), Tz::Asia__Seoul),
        environment: Arc::new(Environment { connections, spool: base.join("spool"), env: BTreeMap::new() }),
        host: Arc::<MemoryHost>::clone(&host),
        stop: StopSignal::new(),
        base: base.to_owned(),
        lock_token: None,
    };
    (context, host)
}
