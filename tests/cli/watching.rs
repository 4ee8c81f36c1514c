//! `--watch`, and runs narrowed down to those that one looks for.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::folder::{Folder, windlass};
use crate::support::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_narrowed_down_by_state_and_time() {
    let folder = Folder::new().await;
    folder.sql_job("bad", "select 1 / 0");
    folder.sql_job("good", "select 1");
    folder.call(&["run", "bad"]).ends(1);
    folder.call(&["run", "good"]).ends(0);
    let jobs = |arguments: &[&str]| -> Vec<String> {
        let runs = folder.call(&[&["runs", "--json"], arguments].concat()).ends(0).json();
        runs.as_array().unwrap().iter().map(|run| run["job"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(jobs(&["--since", "1h"]), ["good", "bad"]);
    assert_eq!(jobs(&["--failed", "--since", "1d"]), ["bad"]);
    assert_eq!(jobs(&["--failed", "--job", "good"]), Vec::<String>::new());
    assert!(jobs(&["--since", "2099-01-01T00:00"]).is_empty());
    let shown = folder.call(&["runs", "--failed"]).ends(0).stdout;
    assert!(shown.contains("windlass show RUN"), "{shown}");
    assert!(folder.call(&["runs", "--since", "2099-01-01"]).ends(0).stdout.contains("`windlass runs` lists all"));
    assert!(folder.call(&["runs", "--since", "soon"]).ends(2).stderr.contains("is no point in time"));
    folder.call(&["runs", "--failed", "--state", "failed"]).ends(2);
    folder.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_is_repeated_until_it_is_interrupted() {
    let folder = Folder::new().await;
    folder.sql_job("good", "select 1");
    folder.call(&["run", "good"]).ends(0);
    let id = folder.call(&["runs", "--json"]).ends(0).json()[0]["id"].as_str().unwrap().to_owned();
    for (arguments, wanted) in [
        (vec!["runs", "--watch"], "good"),
        (vec!["jobs", "-w"], "good"),
        (vec!["locks", "--watch"], "No lock is held"),
        (vec!["show", &id, "--watch"], "succeeded"),
    ] {
        let printed = folder.path("printed");
        let mut command = tokio::process::Command::from(windlass(&arguments));
        command.current_dir(folder.path("")).stdout(std::fs::File::create(&printed).unwrap()).kill_on_drop(true);
        let mut watching = command.spawn().unwrap();
        let text = || std::fs::read_to_string(&printed).unwrap();
        eventually("two looks are printed", async || text().matches(wanted).count() >= 2).await;
        assert!(text().starts_with("--- 2"), "{}", text());
        kill(Pid::from_raw(i32::try_from(watching.id().unwrap()).unwrap()), Signal::SIGINT).unwrap();
        assert!(watching.wait().await.unwrap().success());
    }
    folder.close().await;
}
