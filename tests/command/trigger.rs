//! The `trigger` step, against an engine in memory.

use std::collections::BTreeMap;

use windlass::domain::code::Code;
use windlass::domain::state::RunState;
use windlass::domain::step::{StepKind, TriggerStep};
use windlass::steps::run;

use crate::support::host::attempt;

fn trigger(wait: bool) -> StepKind {
    StepKind::Trigger(TriggerStep {
        job: "load-{{ run.job }}".into(),
        params: vec![("day".to_owned(), "{{ run.scheduled_for | date }}".into())],
        wait,
    })
}

#[tokio::test]
async fn it_makes_a_run_and_goes_on() {
    let base = tempfile::tempdir().unwrap();
    let (context, host) = attempt(base.path(), BTreeMap::new());
    let outcome = run(&trigger(false), &context).await.unwrap();
    assert_eq!(outcome.run.as_deref(), Some("00000000-0000-0000-0000-000000000000"));
    let triggered = host.triggered.lock().unwrap().clone();
    assert_eq!(
        triggered,
        [("load-시험".to_owned(), BTreeMap::from([("day".to_owned(), "2026-11-21".to_owned())]))],
        "21:30 in UTC is the next day in Seoul"
    );
}

#[tokio::test]
async fn waiting_it_succeeds_only_if_that_run_does() {
    for (state, code) in [
        (RunState::Succeeded, None),
        (RunState::Failed, Some(Code::TriggeredRun)),
        (RunState::Cancelled, Some(Code::TriggeredRun)),
    ] {
        let base = tempfile::tempdir().unwrap();
        let (context, host) = attempt(base.path(), BTreeMap::new());
        *host.end.lock().unwrap() = Some(state);
        let end = run(&trigger(true), &context).await;
        assert_eq!(end.err().map(|failure| failure.code), code, "{state}");
    }
}

#[tokio::test]
async fn waiting_it_can_be_stopped() {
    let base = tempfile::tempdir().unwrap();
    let (context, host) = attempt(base.path(), BTreeMap::new());
    let kind = trigger(true);
    let stop = async {
        host.line_with("triggered").await;
        context.stop.cancel();
    };
    let (end, ()) = tokio::join!(run(&kind, &context), stop);
    assert_eq!(end.unwrap_err().code, Code::Cancelled);
}
