use windlass::postgres::embedded::{Embedded, EmbeddedSettings};

use super::owner_process::Owner;
use crate::support::{Keeper, eventually, processes_naming};

async fn gone(keeper: &Keeper) {
    eventually("server and guardian are gone", async || processes_naming(keeper.path()).is_empty()).await;
}

#[tokio::test]
async fn a_killed_owner_takes_server_and_guardian_along_and_the_next_start_works() {
    let keeper = Keeper::new();
    let mut owner = Owner::start(keeper.path());
    owner.ready();
    assert_eq!(processes_naming(keeper.path()).len(), 2, "a server and a guardian");
    owner.kill();
    gone(&keeper).await;
    let embedded = Embedded::start(EmbeddedSettings::new(keeper.path())).await.unwrap();
    embedded.server("postgres").connect("test").await.unwrap();
    embedded.stop().await.unwrap();
    assert_eq!(processes_naming(keeper.path()), [""; 0]);
}

#[tokio::test]
async fn an_owner_that_is_killed_while_the_server_comes_up_leaves_nothing() {
    let keeper = Keeper::new();
    // The cluster exists, so that the kill hits the start and not its making.
    Embedded::start(EmbeddedSettings::new(keeper.path())).await.unwrap().stop().await.unwrap();
    let owner = Owner::start(keeper.path());
    let starting = keeper.path().join("postgres.starting");
    eventually("the server is being started", async || starting.exists()).await;
    owner.kill();
    gone(&keeper).await;
    Embedded::start(EmbeddedSettings::new(keeper.path())).await.unwrap().stop().await.unwrap();
    gone(&keeper).await;
}

#[tokio::test]
async fn a_newcomer_during_the_guardians_stop_gets_a_server() {
    let keeper = Keeper::new();
    for _ in 0..3 {
        let mut owner = Owner::start(keeper.path());
        owner.ready();
        owner.kill();
        // No waiting: the guardian is about to stop the server, or is at it.
        let embedded = Embedded::start(EmbeddedSettings::new(keeper.path())).await.unwrap();
        let session = embedded.server("postgres").connect("test").await.unwrap();
        session.client().batch_execute("select 1").await.unwrap();
        embedded.stop().await.unwrap();
    }
    gone(&keeper).await;
}

#[tokio::test]
async fn a_pid_file_of_before_a_machines_crash_does_not_block() {
    let keeper = Keeper::new();
    let embedded = Embedded::start(EmbeddedSettings::new(keeper.path())).await.unwrap();
    let pid_file = embedded.data().join("postmaster.pid");
    let content = std::fs::read_to_string(&pid_file).unwrap();
    embedded.stop().await.unwrap();
    // The number in it is that of a living process that is no server: this one.
    let (_, rest) = content.split_once('\n').unwrap();
    std::fs::write(&pid_file, format!("{}\n{rest}", std::process::id())).unwrap();
    let embedded = Embedded::start(EmbeddedSettings::new(keeper.path())).await.unwrap();
    embedded.server("postgres").connect("test").await.unwrap();
    embedded.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_whose_guardian_was_killed_is_stopped_by_its_last_user() {
    let keeper = Keeper::new();
    let embedded = Embedded::start(EmbeddedSettings::new(keeper.path())).await.unwrap();
    kill_guardian(&keeper);
    eventually("the guardian is gone", async || processes_naming(keeper.path()).len() == 1).await;
    embedded.stop().await.unwrap();
    assert_eq!(processes_naming(keeper.path()), [""; 0]);
}

fn kill_guardian(keeper: &Keeper) {
    let path = keeper.path().to_str().unwrap();
    for process in std::fs::read_dir("/proc").unwrap().flatten() {
        let line = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line);
        if line.contains("windlass-postgres-guardian") && line.contains(path) {
            let pid = process.file_name().to_str().unwrap().parse().unwrap();
            nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL).unwrap();
        }
    }
}
