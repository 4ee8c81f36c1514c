//! Programs that run as another system user.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use nix::unistd::{Uid, User};
use windlass::domain::code::Code;
use windlass::domain::failure::FailureClass;
use windlass::domain::step::StepKind;
use windlass::steps::{Level, run};

use super::environment::script;
use crate::support::{eventually, host::attempt, processes_naming, skipped};

/// A user that every system has, and that may do nothing.
const NOBODY: &str = "nobody";

#[tokio::test]
async fn root_starts_a_program_as_the_user_that_is_named_and_ends_its_whole_group() {
    if !Uid::effective().is_root() {
        return skipped("only root can start programs as other users");
    }
    let nobody = User::from_name(NOBODY).unwrap().unwrap();
    let base = tempfile::tempdir().unwrap();
    let (context, host) = attempt(base.path(), std::collections::BTreeMap::new());
    let mut step = script("id -u; id -g; id -G; echo \"$HOME $USER $LOGNAME\"; sleep 987654 & sleep 987654");
    step.user = Some(NOBODY.to_owned());
    step.cwd = Some("/".into());
    let stop = context.stop.clone();
    let stopping = async {
        let home = host.line_with(NOBODY).await;
        assert_eq!(home, format!("{} {NOBODY} {NOBODY}", nobody.dir.display()));
        stop.cancel();
    };
    let kind = StepKind::Command(step);
    let (ended, ()) = tokio::join!(run(&kind, &context), stopping);
    assert_eq!(ended.unwrap_err().code, Code::Cancelled);
    let lines = host.lines.lock().unwrap().clone();
    let said: Vec<&str> =
        lines.iter().filter(|(level, _)| *level == Level::Info).map(|(_, line)| line.as_str()).take(3).collect();
    let (uid, gid) = (nobody.uid.to_string(), nobody.gid.to_string());
    assert_eq!(said, [&uid, &gid, &gid], "its own group and no other");
    eventually("nobody of the group is left", async || processes_naming(Path::new("sleep 987654")).is_empty()).await;
}

#[tokio::test]
async fn what_the_environment_of_the_step_says_goes_before_the_users() {
    let me = User::from_uid(Uid::effective()).unwrap().unwrap();
    let base = tempfile::tempdir().unwrap();
    let (context, host) = attempt(base.path(), std::collections::BTreeMap::new());
    let mut step = script("echo \"$HOME $USER\"");
    step.user = Some(me.name.clone());
    step.env = vec![("HOME".to_owned(), "/elsewhere".into())];
    run(&StepKind::Command(step), &context).await.unwrap();
    assert!(host.find(&format!("/elsewhere {}", me.name)).is_some(), "{:?}", host.lines.lock().unwrap());
}

#[tokio::test]
async fn a_user_that_does_not_exist_or_may_not_execute_it_is_a_failure_that_says_so() {
    let base = tempfile::tempdir().unwrap();
    let (context, _host) = attempt(base.path(), std::collections::BTreeMap::new());
    let mut step = script("true");
    step.user = Some("no-such-user".to_owned());
    let failure = run(&StepKind::Command(step.clone()), &context).await.unwrap_err();
    assert_eq!((failure.code, failure.class), (Code::CommandStart, FailureClass::Permanent));
    assert!(failure.message.contains("there is no user `no-such-user`"), "{failure}");

    std::fs::set_permissions(base.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let tool = base.path().join("tool");
    std::fs::write(&tool, "#!/bin/sh\n").unwrap();
    std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o755)).unwrap();
    step.program = "./tool".into();
    step.user = Some(NOBODY.to_owned());
    let failure = run(&StepKind::Command(step), &context).await.unwrap_err();
    assert_eq!((failure.code, failure.class), (Code::CommandStart, FailureClass::Permanent));
    if Uid::effective().is_root() {
        assert!(failure.hint.unwrap().contains("through every folder on the way"));
    } else {
        assert!(failure.message.contains("can't start a program as `nobody`"), "{failure}");
    }
}
