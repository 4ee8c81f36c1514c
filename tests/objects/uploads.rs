//! Files on their way: in one piece or in parts, whole or not at all.

use std::sync::Mutex;

use tokio_util::sync::CancellationToken;
use windlass::domain::failure::FailureClass;
use windlass::objects::{ObjectErrorKind, Upload};

use super::{bucket, file, upload};
use crate::support::object_server::ObjectServer;

const MEGABYTE: usize = 1024 * 1024;

#[tokio::test]
async fn files_of_every_size_arrive_as_they_are() {
    let Some(server) = ObjectServer::start().await else { return };
    let bucket = bucket(&server.stores());
    let folder = tempfile::tempdir().unwrap();
    // One request; exactly one part; exactly two parts; five parts, more than go at a time, the last one short.
    for bytes in [0, 1000, 8 * MEGABYTE, 16 * MEGABYTE, 33 * MEGABYTE + 7] {
        let file = file(folder.path(), bytes);
        assert_eq!(upload(&bucket, "stock.db", &file).await.unwrap(), bytes as u64);
        assert!(server.get("stock.db").await.unwrap() == std::fs::read(&file.0).unwrap(), "{bytes} bytes");
    }
    assert!(server.unfinished().await.is_empty());
}

#[tokio::test]
async fn a_file_that_changed_is_not_put_in_place() {
    let Some(server) = ObjectServer::start().await else { return };
    let bucket = bucket(&server.stores());
    let folder = tempfile::tempdir().unwrap();
    for bytes in [1000, 20 * MEGABYTE] {
        let (path, _) = file(folder.path(), bytes);
        let error = upload(&bucket, "stock.db", &(path, "0".repeat(64))).await.unwrap_err();
        assert_eq!(error.kind, ObjectErrorKind::File, "{error}");
        assert!(server.keys().await.is_empty() && server.unfinished().await.is_empty());
    }
}

#[tokio::test]
async fn an_upload_that_is_stopped_leaves_nothing() {
    let Some(server) = ObjectServer::start().await else { return };
    let bucket = bucket(&server.stores());
    let folder = tempfile::tempdir().unwrap();
    let (file, sha256) = file(folder.path(), 64 * MEGABYTE);
    let stop = CancellationToken::new();
    let arrived = Mutex::new(0);
    let progress = |bytes: u64| {
        *arrived.lock().unwrap() = bytes;
        stop.cancel();
    };
    let upload = Upload { file: &file, sha256: &sha256, progress: &progress, stop: &stop };
    let error = bucket.upload("stock.db", &upload).await.unwrap_err();
    assert_eq!(error.clone().failure().class, FailureClass::Cancelled, "{error}");
    let arrived = *arrived.lock().unwrap();
    assert!(arrived > 0 && arrived < 64 * MEGABYTE as u64, "{arrived}");
    assert!(server.keys().await.is_empty());
    assert!(server.unfinished().await.is_empty());
}

#[tokio::test]
async fn what_a_killed_process_left_is_found_and_removed() {
    let Some(server) = ObjectServer::start().await else { return };
    let bucket = bucket(&server.stores());
    for key in ["a/stock.db.generations/1.db", "a/stock.db", "a/other.db"] {
        server.begin_upload(key).await;
    }
    let found = bucket.unfinished("a/stock.db").await.unwrap().unwrap();
    let mut keys: Vec<&str> = found.iter().map(|one| one.key.as_str()).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["a/stock.db", "a/stock.db.generations/1.db"]);
    for one in &found {
        bucket.give_up(one).await.unwrap();
    }
    assert_eq!(server.unfinished().await, ["a/other.db"]);
    // Another attempt may have been faster.
    bucket.give_up(&found[0]).await.unwrap();
}
