//! State databases that can't be used: one clear error, exit code 3.

use super::folder::{Called, windlass};
use crate::support::PrivateServer;

/// What `windlass jobs` says with this state database.
fn jobs(url: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let settings = format!("data_dir: data\nstate: {{postgres: {{url: \"{url}\"}}}}\n");
    std::fs::write(folder.path().join("windlass.yaml"), settings).unwrap();
    let called = Called::of(&windlass(&["jobs"]).current_dir(folder.path()).output().unwrap()).ends(3);
    assert_eq!(called.stdout, "");
    called.stderr
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_database_that_cannot_be_used_is_told_with_its_reason() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    assert!(jobs(&format!("postgres://me@127.0.0.1:{free}/x")).contains("error[WL0201]"));
    assert!(jobs("postgres://me@nowhere.invalid/x").contains("error[WL0201]"));

    let server = PrivateServer::start(&[], true).await;
    let session = server.server("postgres").connect("test-admin").await.unwrap();
    session.client().batch_execute("create role me login password 'right-password'").await.unwrap();
    let port = server.tcp_port();
    let refused = jobs(&format!("postgres://me:wrong-password@127.0.0.1:{port}/postgres"));
    assert!(refused.contains("error[WL0202]") && refused.contains("28P01"), "{refused}");
    assert!(!refused.contains("wrong-password"), "{refused}");
    let refused = jobs(&format!("postgres://me:right-password@127.0.0.1:{port}/postgres?sslmode=require"));
    assert!(refused.contains("error[WL0203]"), "{refused}");
    let refused = jobs(&format!("postgres://me:right-password@127.0.0.1:{port}/nowhere"));
    assert!(refused.contains("error[WL0202]") && refused.contains("3D000"), "{refused}");
    session.close().await;
}
