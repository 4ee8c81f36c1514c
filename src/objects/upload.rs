//! Uploads of files: in parts, a few at a time, so that memory stays flat whatever the file's size.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use object_store::{MultipartUpload, ObjectStoreExt, PutPayload};
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use super::bucket::Bucket;
use super::error::{ObjectError, ObjectErrorKind};
use crate::domain::hex::hex;

/// Size of a part, and of the largest file that goes in one request.
const PART: u64 = 8 * 1024 * 1024;

/// Most parts of an upload; S3 allows 10,000. Larger files get larger parts.
const MOST_PARTS: u64 = 9_000;

/// Parts on their way at a time. One more is in memory, being read.
const AT_ONCE: usize = 3;

/// How long the removal of a given-up upload may take. The next attempt removes it otherwise.
const ABORT_PATIENCE: Duration = Duration::from_secs(15);

/// A file to upload.
pub struct Upload<'u> {
    /// The file. It must stay as it is.
    pub file: &'u Path,
    /// Its SHA-256 in lowercase hexadecimal digits; a file that isn't so is not put in place.
    pub sha256: &'u str,
    /// Told the bytes that have arrived.
    pub progress: &'u (dyn Fn(u64) + Send + Sync),
    /// Ends the upload.
    pub stop: &'u CancellationToken,
}

/// A file that is read part by part.
struct Parts {
    file: File,
    size: usize,
    digest: Sha256,
}

impl Bucket {
    /// Uploads a file. It is there, whole, once this returns without an error; else nothing of it is.
    pub async fn upload(&self, key: &str, upload: &Upload<'_>) -> Result<u64, ObjectError> {
        let doing = self.doing("uploading", key);
        let unreadable = |error: std::io::Error| {
            ObjectError::new(&doing, ObjectErrorKind::File, format!("{}: {error}", upload.file.display()))
        };
        let bytes = std::fs::metadata(upload.file).map_err(unreadable)?.len();
        let size = bytes.div_ceil(MOST_PARTS).max(PART);
        let file = File::open(upload.file).map_err(unreadable)?;
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let parts = Parts { file, size, digest: Sha256::new() };
        if bytes <= PART {
            self.upload_whole(key, parts, upload, &doing).await?;
        } else {
            self.upload_parts(key, parts, upload, &doing).await?;
        }
        match self.find(key).await? {
            Some(found) if found.bytes == bytes => Ok(bytes),
            found => {
                let has = found.map_or_else(|| "it is not there".to_owned(), |found| format!("it has {}", found.bytes));
                let message = format!("{bytes} bytes were sent, but {has}");
                Err(ObjectError::new(doing, ObjectErrorKind::Differs, message))
            }
        }
    }

    async fn upload_whole(&self, key: &str, parts: Parts, upload: &Upload<'_>, doing: &str) -> Result<(), ObjectError> {
        let (parts, content) = parts.next(doing).await?;
        parts.compare(upload, doing)?;
        let bytes = content.len() as u64;
        unless_stopped(upload.stop, doing, self.put(key, content)).await?;
        (upload.progress)(bytes);
        Ok(())
    }

    async fn upload_parts(&self, key: &str, parts: Parts, upload: &Upload<'_>, doing: &str) -> Result<(), ObjectError> {
        let path = self.path(doing, key)?;
        // Not given up half way: the store would have begun an upload whose name nobody knows.
        let begun = self.store().put_multipart(&path).await;
        let mut begun = begun.map_err(|error| ObjectError::of_store(doing, &error))?;
        let sent = unless_stopped(upload.stop, doing, send(&mut *begun, parts, upload, doing)).await;
        if sent.is_err() {
            // What can't be removed now is found by the next attempt.
            drop(tokio::time::timeout(ABORT_PATIENCE, begun.abort()).await);
        }
        sent
    }
}

/// Sends all parts and puts the object together.
async fn send(
    begun: &mut dyn MultipartUpload,
    mut parts: Parts,
    upload: &Upload<'_>,
    doing: &str,
) -> Result<(), ObjectError> {
    let failed = |error: object_store::Error| ObjectError::of_store(doing, &error);
    let mut sending = FuturesUnordered::new();
    let mut arrived = 0;
    let mut complete = false;
    while !complete || !sending.is_empty() {
        while !complete && sending.len() < AT_ONCE {
            let (rest, content) = parts.next(doing).await?;
            parts = rest;
            complete = content.len() < parts.size;
            if content.is_empty() {
                break;
            }
            let bytes = content.len() as u64;
            let part = begun.put_part(PutPayload::from_bytes(content));
            sending.push(async move { part.await.map(|()| bytes) });
        }
        if let Some(part) = sending.next().await {
            arrived += part.map_err(failed)?;
            (upload.progress)(arrived);
        }
    }
    drop(sending);
    parts.compare(upload, doing)?;
    begun.complete().await.map(drop).map_err(failed)
}

impl Parts {
    /// Reads the next part, a whole one except at the file's end.
    async fn next(self, doing: &str) -> Result<(Self, Bytes), ObjectError> {
        let Self { mut file, size, mut digest } = self;
        let read = tokio::task::spawn_blocking(move || {
            let mut content = Vec::with_capacity(size);
            (&mut file).take(size as u64).read_to_end(&mut content)?;
            digest.update(&content);
            Ok::<_, std::io::Error>((Self { file, size, digest }, Bytes::from(content)))
        });
        let read = read.await.map_err(std::io::Error::other).and_then(|read| read);
        read.map_err(|error| ObjectError::new(doing, ObjectErrorKind::File, format!("reading the file: {error}")))
    }

    /// Compares what was read with what was verified.
    fn compare(self, upload: &Upload<'_>, doing: &str) -> Result<(), ObjectError> {
        if hex(&self.digest.finalize()) == upload.sha256 {
            return Ok(());
        }
        let message = format!("{} changed while it was uploaded", upload.file.display());
        Err(ObjectError::new(doing, ObjectErrorKind::File, message))
    }
}

/// Does it unless the caller stops it first.
async fn unless_stopped<T>(
    stop: &CancellationToken,
    doing: &str,
    work: impl Future<Output = Result<T, ObjectError>>,
) -> Result<T, ObjectError> {
    tokio::select! {
        biased;
        () = stop.cancelled() => Err(ObjectError::new(doing, ObjectErrorKind::Stopped, "stopped on request")),
        done = work => done,
    }
}
