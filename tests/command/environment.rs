//! What a program is started with.

use std::time::Duration;

use windlass::domain::step::{CommandStep, StepKind};
use windlass::steps::{Level, run};

use crate::support::host::attempt;

/// A shell script as a step. The shell is the program here, not ours.
pub(super) fn script(text: &str) -> CommandStep {
    CommandStep {
        program: "sh".into(),
        args: vec!["-c".into(), text.into()],
        env: Vec::new(),
        cwd: None,
        user: None,
        grace: Duration::from_secs(10),
    }
}

#[tokio::test]
async fn it_gets_who_it_runs_for_and_its_output_goes_to_the_log() {
    let base = tempfile::tempdir().unwrap();
    let (mut context, host) = attempt(base.path(), std::collections::BTreeMap::new());
    context.lock_token = Some(41);
    let mut step = script(
        "echo \"$WINDLASS_JOB $WINDLASS_STEP $WINDLASS_ATTEMPT $WINDLASS_LOCK_TOKEN $WINDLASS_SCHEDULED_FOR\"; \
         echo \"run $WINDLASS_RUN_ID\"; echo 경고 >&2; cat; pwd; echo \"$GREETING\"; printf 'no end'",
    );
    step.env = vec![("GREETING".to_owned(), "hello {{ params.who }}".into())];
    let outcome = run(&StepKind::Command(step), &context).await.unwrap();
    assert_eq!(outcome.exit_code, Some(0));
    let lines = host.lines.lock().unwrap().clone();
    let out: Vec<_> = lines.iter().filter(|(level, _)| *level == Level::Info).map(|(_, line)| line.as_str()).collect();
    let folder = base.path().canonicalize().unwrap().display().to_string();
    let run_line = format!("run {}", context.run);
    assert_eq!(
        out,
        ["시험 step 1 41 2026-11-20T21:30:00Z", &run_line, &folder, "hello $HOME; 'a b'", "no end"],
        "standard input is empty, a value is no shell text"
    );
    assert!(lines.contains(&(Level::Warn, "경고".to_owned())));
}

#[tokio::test]
async fn an_argument_is_one_argument_whatever_it_holds() {
    let base = tempfile::tempdir().unwrap();
    let (context, host) = attempt(base.path(), std::collections::BTreeMap::new());
    let mut step = script("");
    step.program = "printf".into();
    step.args = vec!["<%s>\\n".into(), "{{ params.who }}".into(), "b c".into()];
    run(&StepKind::Command(step), &context).await.unwrap();
    let lines: Vec<_> = host.lines.lock().unwrap().iter().map(|(_, line)| line.clone()).collect();
    assert_eq!(lines, ["<$HOME; 'a b'>", "<b c>"]);
}

#[tokio::test]
async fn a_relative_program_and_folder_start_at_the_job_file() {
    let base = tempfile::tempdir().unwrap();
    std::fs::create_dir(base.path().join("sub")).unwrap();
    let program = base.path().join("where.sh");
    std::fs::write(&program, "#!/bin/sh\nbasename \"$(pwd)\"\n").unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let (context, host) = attempt(base.path(), std::collections::BTreeMap::new());
    let mut step = script("");
    step.program = "./where.sh".into();
    step.args.clear();
    step.cwd = Some("sub".into());
    run(&StepKind::Command(step), &context).await.unwrap();
    assert!(host.find("sub").is_some());
}
