//! Programs that fail, or can't be started.

use std::collections::BTreeMap;

use windlass::domain::code::Code;
use windlass::domain::failure::{Failure, FailureClass, Side};
use windlass::domain::step::{CommandStep, StepKind};
use windlass::steps::run;

use super::environment::script;
use crate::support::host::attempt;

async fn failure(base: &std::path::Path, step: CommandStep) -> Failure {
    let (context, _) = attempt(base, BTreeMap::new());
    run(&StepKind::Command(step), &context).await.unwrap_err()
}

#[tokio::test]
async fn an_exit_code_fails_the_step_with_its_last_words() {
    let base = tempfile::tempdir().unwrap();
    let step = script("for i in $(seq 1 100); do echo line $i >&2; done; printf 'bad \\377 byte' >&2; exit 3");
    let failure = failure(base.path(), step).await;
    assert_eq!((failure.code, failure.class), (Code::CommandFailed, FailureClass::Transient));
    assert!(failure.message.contains("`sh` ended with exit code 3; stderr: line 94\n"), "{}", failure.message);
    assert!(failure.message.ends_with("line 100\nbad \u{fffd} byte"), "{}", failure.message);
}

#[tokio::test]
async fn a_signal_fails_the_step_and_is_named() {
    let base = tempfile::tempdir().unwrap();
    let failure = failure(base.path(), script("kill -SEGV $$")).await;
    assert_eq!(failure.code, Code::CommandFailed);
    assert_eq!(failure.message, "`sh` was ended by signal SIGSEGV (11), without a word on stderr");
}

#[tokio::test]
async fn what_cannot_be_started_says_why() {
    let base = tempfile::tempdir().unwrap();
    std::fs::write(base.path().join("plain.txt"), "text").unwrap();
    let cases = [
        ("no-such-program-here", None, "PATH"),
        ("./missing.sh", None, "no such file"),
        ("./plain.txt", None, "chmod +x"),
        ("true", Some("nowhere"), "check `cwd`"),
    ];
    for (program, cwd, hint) in cases {
        let mut step = script("");
        step.program = program.into();
        step.cwd = cwd.map(Into::into);
        let failure = failure(base.path(), step).await;
        assert_eq!((failure.code, failure.class), (Code::CommandStart, FailureClass::Permanent), "{program}");
        assert!(failure.message.contains(program), "{}", failure.message);
        assert!(failure.hint.as_deref().unwrap().contains(hint), "{failure:?}");
    }
}

#[tokio::test]
async fn nothing_is_started_when_the_run_is_no_longer_ours() {
    let base = tempfile::tempdir().unwrap();
    let (context, host) = attempt(base.path(), BTreeMap::new());
    *host.gate.lock().unwrap() = Some(Failure::permanent(Code::NotOwner, Side::Internal, "not ours"));
    let failure = run(&StepKind::Command(script("touch ran")), &context).await.unwrap_err();
    assert_eq!(failure.code, Code::NotOwner);
    assert!(!base.path().join("ran").exists());
}
