//! Files and refusals of Azure: against a real server of its blob protocol.

use bytes::Bytes;
use tokio_util::sync::CancellationToken;
use windlass::domain::code::Code;
use windlass::domain::failure::FailureClass;
use windlass::domain::object::ObjectAddress;
use windlass::objects::ObjectErrorKind;

use super::{file, upload};
use crate::support::azure_server::AzureServer;

const MEGABYTE: usize = 1024 * 1024;

#[tokio::test]
async fn files_of_every_size_go_to_azure_and_come_back_as_they_are() {
    let Some(server) = AzureServer::start().await else { return };
    let bucket = server.bucket();
    let folder = tempfile::tempdir().unwrap();
    for bytes in [0, 1000, 8 * MEGABYTE, 33 * MEGABYTE + 7] {
        let file = file(folder.path(), bytes);
        assert_eq!(upload(&bucket, "stock.db", &file).await.unwrap(), bytes as u64);
        let back = folder.path().join(bytes.to_string());
        bucket.download("stock.db", &back, &CancellationToken::new()).await.unwrap();
        assert!(std::fs::read(back).unwrap() == std::fs::read(&file.0).unwrap(), "{bytes} bytes");
    }
    // In parts that are never put together.
    let (path, _) = file(folder.path(), 20 * MEGABYTE);
    let error = upload(&bucket, "changed.db", &(path, "0".repeat(64))).await.unwrap_err();
    assert_eq!(error.kind, ObjectErrorKind::File, "{error}");
    assert_eq!(server.keys().await, ["stock.db"]);
}

#[tokio::test]
async fn azure_refuses_who_has_another_key_and_names_a_container_that_is_not_there() {
    let Some(server) = AzureServer::start().await else { return };
    let address = |text: &str| ObjectAddress::parse(text).unwrap().unwrap();
    let stranger = server.stores_with("b3RoZXI=").open(&address("az://replicas/x")).unwrap();
    let failure = stranger.put("stock.db", Bytes::from("x")).await.unwrap_err().failure();
    assert_eq!((failure.code, failure.class), (Code::StoreRefused, FailureClass::Permanent), "{failure}");
    assert!(failure.message.contains("403") && !failure.message.contains("b3RoZXI="), "{failure}");
    let nowhere = server.stores().open(&address("az://nowhere/x")).unwrap();
    let failure = nowhere.put("stock.db", Bytes::from("x")).await.unwrap_err().failure();
    assert!(failure.message.starts_with("putting az://nowhere/stock.db: "), "{failure}");
    assert!(failure.message.contains("ContainerNotFound") && failure.hint.unwrap().contains("make the bucket"));
}
