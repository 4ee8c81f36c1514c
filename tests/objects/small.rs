//! Small objects: read, listed, put under conditions, removed. By S3's protocol and by Azure's.

use bytes::Bytes;
use windlass::objects::Bucket;

use super::bucket;
use crate::support::azure_server::AzureServer;
use crate::support::object_server::ObjectServer;

#[tokio::test]
async fn an_object_is_created_once_and_replaced_by_who_has_seen_it() {
    let Some(server) = ObjectServer::start().await else { return };
    created_once(&bucket(&server.stores())).await;
}

#[tokio::test]
async fn an_azure_object_is_created_once_and_replaced_by_who_has_seen_it() {
    let Some(server) = AzureServer::start().await else { return };
    created_once(&server.bucket()).await;
}

async fn created_once(bucket: &Bucket) {
    assert!(bucket.read("a/one").await.unwrap().is_none());
    let first = bucket.create("a/one", Bytes::from("1")).await.unwrap().unwrap();
    assert_eq!(bucket.create("a/one", Bytes::from("2")).await.unwrap(), None);
    let seen = bucket.read("a/one").await.unwrap().unwrap();
    assert_eq!((seen.content.as_ref(), &seen.version), (&b"1"[..], &first));
    assert!(bucket.replace("a/one", Bytes::from("3"), &first).await.unwrap().is_some());
    assert_eq!(bucket.replace("a/one", Bytes::from("4"), &first).await.unwrap(), None);
    assert_eq!(bucket.replace("a/none", Bytes::from("4"), &first).await.unwrap(), None);
    assert_eq!(bucket.read("a/one").await.unwrap().unwrap().content.as_ref(), b"3");
}

#[tokio::test]
async fn objects_are_listed_by_folder_copied_and_removed() {
    let Some(server) = ObjectServer::start().await else { return };
    listed_copied_and_removed(&bucket(&server.stores())).await;
}

#[tokio::test]
async fn azure_objects_are_listed_by_folder_copied_and_removed() {
    let Some(server) = AzureServer::start().await else { return };
    listed_copied_and_removed(&server.bucket()).await;
}

async fn listed_copied_and_removed(bucket: &Bucket) {
    for key in ["나스닥.db.generations/1.db", "나스닥.db.generations/1.json", "나스닥.db", "나스닥.db.generations.old"]
    {
        bucket.put(key, Bytes::from(key)).await.unwrap();
    }
    let listed = bucket.list("나스닥.db.generations").await.unwrap();
    let keys: Vec<&str> = listed.iter().map(|found| found.key.as_str()).collect();
    assert_eq!(keys, ["나스닥.db.generations/1.db", "나스닥.db.generations/1.json"]);
    bucket.copy(keys[0], "나스닥.db").await.unwrap();
    assert_eq!(bucket.find("나스닥.db").await.unwrap().unwrap().bytes, keys[0].len() as u64);
    bucket.remove(keys[0]).await.unwrap();
    bucket.remove(keys[0]).await.unwrap();
    assert_eq!(bucket.find(keys[0]).await.unwrap(), None);
}
