use std::os::unix::fs::PermissionsExt as _;

use windlass::domain::code::Code;
use windlass::domain::failure::Failure;
use windlass::postgres::embedded::{Embedded, EmbeddedSettings};

use crate::support::{Keeper, processes_naming};

async fn refusal(settings: EmbeddedSettings) -> Failure {
    Embedded::start(settings).await.unwrap_err().into()
}

#[tokio::test]
async fn a_cluster_of_another_major_version_is_refused_and_left_alone() {
    let keeper = Keeper::new();
    let data = keeper.path().join("postgres");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("PG_VERSION"), "11\n").unwrap();
    let failure = refusal(EmbeddedSettings::new(keeper.path())).await;
    assert_eq!(failure.code, Code::EmbeddedMissing);
    assert!(failure.message.contains("belongs to PostgreSQL 11"), "{}", failure.message);
    assert!(failure.hint.unwrap().contains("pg_upgrade"));
    assert_eq!(std::fs::read_to_string(data.join("PG_VERSION")).unwrap(), "11\n");
}

#[tokio::test]
async fn a_folder_with_something_else_in_it_is_not_taken_over() {
    let keeper = Keeper::new();
    let data = keeper.path().join("postgres");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("thesis.txt"), "mine").unwrap();
    let failure = refusal(EmbeddedSettings::new(keeper.path())).await;
    assert_eq!(failure.code, Code::EmbeddedStart);
    assert!(failure.message.contains("holds no PostgreSQL cluster"), "{}", failure.message);
}

#[tokio::test]
async fn a_setting_that_the_server_refuses_is_told_in_its_own_words() {
    let keeper = Keeper::new();
    let failure = refusal(EmbeddedSettings::new(keeper.path()).option("shared_buffers", "a lot")).await;
    assert_eq!(failure.code, Code::EmbeddedStart);
    assert!(failure.message.contains("shared_buffers"), "{}", failure.message);
    crate::support::eventually("nothing is left", async || processes_naming(keeper.path()).is_empty()).await;
}

#[tokio::test]
async fn root_is_told_which_folder_the_servers_user_cannot_enter() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let keeper = Keeper::new();
    let closed = keeper.path().join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o700)).unwrap();
    let failure = refusal(EmbeddedSettings::new(closed.join("data"))).await;
    assert_eq!(failure.code, Code::EmbeddedStart);
    assert!(failure.message.contains(&format!("can't enter `{}`", closed.display())), "{}", failure.message);
    assert!(failure.hint.unwrap().contains("chmod a+x"));
}

#[tokio::test]
async fn a_data_directory_with_a_long_path_still_gets_its_socket() {
    let keeper = Keeper::new();
    let long = keeper.path().join("x".repeat(100));
    let embedded = Embedded::start(EmbeddedSettings::new(&long).option("fsync", "off")).await.unwrap();
    let session = embedded.server("postgres").connect("test").await.unwrap();
    let row = session.client().query_one("show unix_socket_directories", &[]).await.unwrap();
    embedded.stop().await.unwrap();
    let socket = row.get::<_, String>(0);
    assert!(socket.len() < 100, "{socket}");
    std::fs::remove_dir_all(socket).unwrap();
}
