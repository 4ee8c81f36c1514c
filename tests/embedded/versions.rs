use windlass::postgres::embedded::{Embedded, EmbeddedError, EmbeddedSettings};

use crate::support::{Keeper, PrivateServer, server_of};

#[tokio::test]
async fn the_programs_that_were_named_are_used() {
    let Some(private) = PrivateServer::start_of(18, &["work_mem=5MB"], false).await else { return };
    assert_eq!(private.embedded().binaries().major, 18);
    let session = private.server("postgres").connect("test-version").await.unwrap();
    let look = "select current_setting('server_version_num')::int / 10000 || current_setting('work_mem')";
    assert_eq!(session.query_one(look, &[], "looking").await.unwrap().get::<_, String>(0), "185MB");
    session.close().await;
    assert_eq!(server_of(18).unwrap().major(), 18);
}

#[tokio::test]
async fn programs_of_another_version_than_the_clusters_are_refused() {
    let Some(newest) = server_of(18) else { return };
    let keeper = Keeper::new();
    std::fs::create_dir(keeper.path().join("postgres")).unwrap();
    std::fs::write(keeper.path().join("postgres/PG_VERSION"), "15\n").unwrap();
    let refused = |programs: &std::path::Path| {
        Embedded::start(EmbeddedSettings {
            programs: Some(programs.to_path_buf()),
            ..EmbeddedSettings::new(keeper.path())
        })
    };
    let message = |result: Result<Embedded, EmbeddedError>| result.unwrap_err().to_string();
    let other = message(refused(newest.programs()).await);
    assert!(other.contains("belongs to PostgreSQL 15") && other.contains("holds PostgreSQL 18"), "{other}");
    let none = message(refused(keeper.path()).await);
    assert!(none.contains("holds no PostgreSQL server programs"), "{none}");
}
