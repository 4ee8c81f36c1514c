//! Nothing of a program is left in the process table, however it ended.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use windlass::domain::code::Code;
use windlass::domain::failure::Failure;
use windlass::domain::outcome::Outcome;
use windlass::domain::step::{CommandStep, StepKind};
use windlass::steps::run;

use super::environment::script;
use crate::support::host::{MemoryHost, attempt};

/// Living processes of a group, as the kernel lists them; one that is dead and unreaped doesn't live.
fn living(group: &str) -> Vec<String> {
    let stats = std::fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let stat = std::fs::read_to_string(entry.ok()?.path().join("stat")).ok()?;
        let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
        (fields[2] == group && fields[0] != "Z" && fields[0] != "X").then(|| stat.clone())
    });
    stats.collect()
}

/// The group's number: the script's first line of output.
async fn group_of(host: &MemoryHost) -> String {
    host.line_with("group ").await.replace("group ", "")
}

async fn to_the_end(step: CommandStep) -> (Result<Outcome, Failure>, Arc<MemoryHost>) {
    let base = tempfile::tempdir().unwrap();
    let (context, host) = attempt(base.path(), BTreeMap::new());
    let kind = StepKind::Command(step);
    let end = tokio::time::timeout(Duration::from_mins(1), run(&kind, &context)).await;
    (end.expect("the step hangs"), host)
}

/// Stops a script once it said `ready`; returns how long the stop took.
async fn stopped(step: CommandStep) -> (Duration, Arc<MemoryHost>, String) {
    let base = tempfile::tempdir().unwrap();
    let (context, host) = attempt(base.path(), BTreeMap::new());
    let kind = StepKind::Command(step);
    let stop = async {
        let group = group_of(&host).await;
        host.line_with("ready").await;
        assert!(!living(&group).is_empty());
        context.stop.cancel();
        (Instant::now(), group)
    };
    let (end, (since, group)) = tokio::join!(run(&kind, &context), stop);
    assert_eq!(end.unwrap_err().code, Code::Cancelled);
    (since.elapsed(), host, group)
}

#[tokio::test]
async fn a_grandchild_that_outlives_its_parent_is_ended_after_success_and_failure() {
    for (exit, code) in [(0, None), (7, Some(Code::CommandFailed))] {
        // The grandchild keeps the output open, too.
        let step = script(&format!("echo group $$; (sleep 600 & echo child $!) ; exit {exit}"));
        let (end, host) = to_the_end(step).await;
        assert_eq!(end.err().map(|failure| failure.code), code);
        assert_eq!(living(&group_of(&host).await), [""; 0]);
        assert!(host.find("left processes of its group behind").is_some());
    }
}

#[tokio::test]
async fn a_leftover_that_ignores_term_is_killed_after_the_grace() {
    let mut step = script("echo group $$; (trap '' TERM; while :; do sleep 1; done) & exit 0");
    step.grace = Duration::from_millis(300);
    let (end, host) = to_the_end(step).await;
    assert_eq!(end.unwrap().exit_code, Some(0));
    assert_eq!(living(&group_of(&host).await), [""; 0]);
}

#[tokio::test]
async fn a_process_that_left_the_group_cannot_hold_up_the_step() {
    let (end, host) = to_the_end(script("setsid sh -c 'echo pid $$; exec sleep 600' & sleep 0.2; exit 0")).await;
    end.unwrap();
    let pid = host.line_with("pid ").await.replace("pid ", "");
    assert!(host.find("keeps the output open").is_some());
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid.parse().unwrap()), nix::sys::signal::SIGKILL).unwrap();
}

#[tokio::test]
async fn a_stop_ends_the_whole_group_at_once() {
    let (_, host, group) = stopped(script("echo group $$; sleep 600 & sleep 600 & echo ready; wait")).await;
    assert_eq!(living(&group), [""; 0]);
    assert!(host.find("killing it").is_none(), "nobody needed the grace");
}

#[tokio::test]
async fn a_stop_kills_a_program_and_a_child_that_ignore_term() {
    let mut step =
        script("trap '' TERM; echo group $$; (while :; do sleep 1; done) & echo ready; while :; do sleep 1; done");
    step.grace = Duration::from_millis(300);
    let (took, host, group) = stopped(step).await;
    assert_eq!(living(&group), [""; 0]);
    assert!(took >= Duration::from_millis(300), "{took:?}: it had its grace");
    assert!(host.find("killing it").is_some());
}

#[tokio::test]
async fn a_program_may_clean_up_when_it_is_stopped() {
    let step = script("trap 'echo cleaned; exit 0' TERM; echo group $$; echo ready; while :; do sleep 0.05; done");
    let (_, host, group) = stopped(step).await;
    assert_eq!(living(&group), [""; 0]);
    assert!(host.find("cleaned").is_some());
}

#[tokio::test]
async fn an_attempt_that_is_dropped_leaves_no_process() {
    let base = tempfile::tempdir().unwrap();
    let (context, host) = attempt(base.path(), BTreeMap::new());
    let kind = StepKind::Command(script("echo group $$; sleep 600 & echo ready; wait"));
    let group = {
        let step = run(&kind, &context);
        let ready = async {
            let group = group_of(&host).await;
            host.line_with("ready").await;
            group
        };
        tokio::select! { group = ready => group, end = step => panic!("{end:?}") }
    };
    let deadline = Instant::now() + Duration::from_mins(1);
    while !living(&group).is_empty() {
        assert!(Instant::now() < deadline, "{:?}", living(&group));
        tokio::task::yield_now().await;
    }
}
