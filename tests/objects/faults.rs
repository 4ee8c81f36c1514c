//! What stores and the lines to them do, and what it is called.

use bytes::Bytes;
use windlass::domain::code::Code;
use windlass::domain::failure::{FailureClass, Side};
use windlass::domain::object::ObjectAddress;

use super::{bucket, file, upload};
use crate::support::object_server::{ObjectServer, stores_at};

#[tokio::test]
async fn a_line_that_breaks_in_the_middle_is_transient_and_leaves_nothing_that_is_seen() {
    let Some(server) = ObjectServer::start().await else { return };
    let line = server.line().await;
    let bucket = bucket(&line.stores());
    let folder = tempfile::tempdir().unwrap();
    let file = file(folder.path(), 40 * 1024 * 1024);
    line.cut_after(20 * 1024 * 1024);
    let failure = upload(&bucket, "stock.db", &file).await.unwrap_err().failure();
    assert_eq!((failure.code, failure.class), (Code::StoreUnreachable, FailureClass::Transient), "{failure}");
    assert!(failure.message.contains("uploading s3://replicas/stock.db"), "{failure}");
    assert!(server.keys().await.is_empty());
    // Over a dead line nothing can be removed; once it is mended, what is left is found.
    line.cut_after(i64::MAX);
    for left in bucket.unfinished("stock.db").await.unwrap().unwrap() {
        bucket.give_up(&left).await.unwrap();
    }
    assert!(server.unfinished().await.is_empty());
    upload(&bucket, "stock.db", &file).await.unwrap();
}

#[tokio::test]
async fn a_line_that_breaks_for_a_moment_is_not_noticed() {
    let Some(server) = ObjectServer::start().await else { return };
    let line = server.line().await;
    let bucket = bucket(&line.stores());
    let folder = tempfile::tempdir().unwrap();
    let file = file(folder.path(), 40 * 1024 * 1024);
    line.cut_after(10 * 1024 * 1024);
    let mending = async {
        while line.left() > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        line.cut_after(i64::MAX);
    };
    let (uploaded, ()) = tokio::join!(upload(&bucket, "stock.db", &file), mending);
    uploaded.unwrap();
    assert!(server.get("stock.db").await.unwrap() == std::fs::read(&file.0).unwrap());
    assert!(server.unfinished().await.is_empty());
}

#[tokio::test]
async fn who_is_not_known_is_refused_for_good() {
    let Some(server) = ObjectServer::start().await else { return };
    let bucket = bucket(&server.stores());
    server.lock_everybody_out().await;
    let failure = bucket.put("stock.db", Bytes::from("x")).await.unwrap_err().failure();
    assert_eq!((failure.code, failure.class), (Code::StoreRefused, FailureClass::Permanent), "{failure}");
    assert_eq!(failure.side, Side::Target);
    assert!(failure.message.contains("403 Forbidden: InvalidAccessKeyId: The AWS Access Key Id"), "{failure}");
    assert!(!failure.to_string().contains("a-secret"));
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_named() {
    let Some(server) = ObjectServer::start().await else { return };
    let address = ObjectAddress::parse("s3://nowhere/stock.db").unwrap().unwrap();
    let bucket = server.stores().open(&address).unwrap();
    let failure = bucket.read("stock.db").await.unwrap_err().failure();
    assert_eq!((failure.code, failure.class), (Code::StoreRefused, FailureClass::Permanent), "{failure}");
    assert!(failure.message.starts_with("reading s3://nowhere/stock.db: "), "{failure}");
    assert!(failure.message.contains("NoSuchBucket") && failure.hint.unwrap().contains("make the bucket"));
}

#[tokio::test]
async fn a_store_that_is_not_there_is_transient() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let bucket = bucket(&stores_at(&format!("http://{free}")));
    let failure = bucket.put("stock.db", Bytes::from("x")).await.unwrap_err().failure();
    assert_eq!((failure.code, failure.class), (Code::StoreUnreachable, FailureClass::Transient), "{failure}");
    assert!(failure.message.contains("onnection refused"), "{failure}");
}
