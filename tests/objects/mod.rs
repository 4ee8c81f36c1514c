//! The layer for object stores, against real servers.

mod azure;
mod faults;
mod setup;
mod small;
mod uploads;

use std::path::{Path, PathBuf};

use tokio_util::sync::CancellationToken;
use windlass::domain::object::ObjectAddress;
use windlass::objects::{Bucket, ObjectError, ObjectStores, Upload};

use crate::support::sha256;

/// The bucket `replicas`.
fn bucket(stores: &ObjectStores) -> Bucket {
    stores.open(&ObjectAddress::parse("s3://replicas/any").unwrap().unwrap()).unwrap()
}

/// A file of that size, in a folder that goes with the test, and its digest.
fn file(folder: &Path, bytes: usize) -> (PathBuf, String) {
    let content: Vec<u8> = (0..bytes).map(|at| u8::try_from((at / 977 + at) % 251).unwrap()).collect();
    let path = folder.join("file");
    std::fs::write(&path, &content).unwrap();
    (path, sha256(&content))
}

/// Uploads a file that nobody stops.
async fn upload(bucket: &Bucket, key: &str, (file, sha256): &(PathBuf, String)) -> Result<u64, ObjectError> {
    let upload = Upload { file, sha256, progress: &|_| {}, stop: &CancellationToken::new() };
    bucket.upload(key, &upload).await
}
