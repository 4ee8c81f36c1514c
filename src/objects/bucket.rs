//! One bucket, and what is done with its small objects and its listing.

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use object_store::aws::AmazonS3;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, UpdateVersion};

use super::error::{ObjectError, ObjectErrorKind};

/// The largest object that S3 copies in one request.
const S3_COPY_LIMIT: u64 = 5_000_000_000;

/// The largest object that is read whole. What is read so are manifests and the like.
const READ_LIMIT: u64 = 64 * 1024 * 1024;

/// A bucket.
#[derive(Clone, Debug)]
pub struct Bucket {
    name: String,
    store: Arc<dyn ObjectStore>,
    s3: Option<AmazonS3>,
}

/// An object of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its key.
    pub key: String,
    /// Its size.
    pub bytes: u64,
    /// When it was put there, by the store's clock.
    pub changed: DateTime<Utc>,
    /// What tells its content from another under the same key, where the store says so.
    pub tag: Option<String>,
}

/// A small object, read.
#[derive(Clone, Debug)]
pub struct Stored {
    /// What it holds.
    pub content: Bytes,
    /// When it was put there, by the store's clock.
    pub changed: DateTime<Utc>,
    /// Which of the objects that stood there in the course of time it is.
    pub version: Version,
}

/// Which of the objects that stand under a key in the course of time one is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(UpdateVersion);

impl Bucket {
    /// A bucket of that name, as errors say it.
    pub(super) fn new(name: String, store: Arc<dyn ObjectStore>, s3: Option<AmazonS3>) -> Self {
        Self { name, store, s3 }
    }

    /// The address of an object.
    pub fn address(&self, key: &str) -> String {
        format!("{}/{key}", self.name)
    }

    /// The library's store.
    pub(super) fn store(&self) -> &dyn ObjectStore {
        &*self.store
    }

    /// The same, if it is S3.
    pub(super) fn s3(&self) -> Option<&AmazonS3> {
        self.s3.as_ref()
    }

    /// The size up to which the store copies an object by itself.
    pub fn copies_up_to(&self) -> u64 {
        if self.s3.is_some() { S3_COPY_LIMIT } else { u64::MAX }
    }

    /// Reads a small object; `None` if it isn't there.
    pub async fn read(&self, key: &str) -> Result<Option<Stored>, ObjectError> {
        let doing = self.doing("reading", key);
        let failed = |error: object_store::Error| ObjectError::of_store(&doing, &error);
        let path = self.path(&doing, key)?;
        let found = match self.store.get(&path).await.map_err(failed) {
            Err(error) if error.kind == ObjectErrorKind::Missing => return Ok(None),
            found => found?,
        };
        let ObjectMeta { last_modified: changed, e_tag, version, size, .. } = found.meta.clone();
        if size > READ_LIMIT {
            return Err(ObjectError::new(doing, ObjectErrorKind::Differs, format!("it is {size} bytes large")));
        }
        let content = found.bytes().await.map_err(failed)?;
        Ok(Some(Stored { content, changed, version: Version(UpdateVersion { e_tag, version }) }))
    }

    /// Looks at an object; `None` if it isn't there.
    pub async fn find(&self, key: &str) -> Result<Option<Found>, ObjectError> {
        let doing = self.doing("looking at", key);
        let path = self.path(&doing, key)?;
        match self.store.head(&path).await {
            Ok(meta) => Ok(Some(found(&meta))),
            Err(error) => match ObjectError::of_store(&doing, &error) {
                error if error.kind == ObjectErrorKind::Missing => Ok(None),
                error => Err(error),
            },
        }
    }

    /// Everything in a folder, as far as a bucket has folders.
    pub async fn list(&self, folder: &str) -> Result<Vec<Found>, ObjectError> {
        let doing = self.doing("listing", folder);
        let path = self.path(&doing, folder)?;
        let listed: Result<Vec<ObjectMeta>, _> = self.store.list(Some(&path)).try_collect().await;
        Ok(listed.map_err(|error| ObjectError::of_store(&doing, &error))?.iter().map(found).collect())
    }

    /// Puts a small object, whatever was there.
    pub async fn put(&self, key: &str, content: Bytes) -> Result<(), ObjectError> {
        self.put_as(key, content, PutMode::Overwrite).await.map(drop)
    }

    /// Puts a small object if there is none; `None` if there is. A store without conditional puts puts it anyway.
    pub async fn create(&self, key: &str, content: Bytes) -> Result<Option<Version>, ObjectError> {
        match self.put_as(key, content.clone(), PutMode::Create).await {
            Err(error) if error.kind == ObjectErrorKind::NotSupported => {
                self.put_as(key, content, PutMode::Overwrite).await.map(Some)
            }
            put => won(put),
        }
    }

    /// Puts a small object in the place of one that was seen; `None` if that one isn't there any more. A store without
    /// conditional puts puts it anyway.
    pub async fn replace(&self, key: &str, content: Bytes, seen: &Version) -> Result<Option<Version>, ObjectError> {
        match self.put_as(key, content.clone(), PutMode::Update(seen.0.clone())).await {
            Err(error) if error.kind == ObjectErrorKind::NotSupported => {
                self.put_as(key, content, PutMode::Overwrite).await.map(Some)
            }
            put => won(put),
        }
    }

    async fn put_as(&self, key: &str, content: Bytes, mode: PutMode) -> Result<Version, ObjectError> {
        let doing = self.doing("putting", key);
        let path = self.path(&doing, key)?;
        let payload = PutPayload::from_bytes(content);
        let put = self.store.put_opts(&path, payload, PutOptions::from(mode)).await;
        let put = put.map_err(|error| ObjectError::of_store(&doing, &error))?;
        Ok(Version(UpdateVersion { e_tag: put.e_tag, version: put.version }))
    }

    /// Has the store copy an object.
    pub async fn copy(&self, from: &str, to: &str) -> Result<(), ObjectError> {
        let doing = format!("copying {} to {}", self.address(from), self.address(to));
        let (from, to) = (self.path(&doing, from)?, self.path(&doing, to)?);
        self.store.copy(&from, &to).await.map_err(|error| ObjectError::of_store(&doing, &error))
    }

    /// Removes an object; one that isn't there is fine.
    pub async fn remove(&self, key: &str) -> Result<(), ObjectError> {
        let doing = self.doing("removing", key);
        let path = self.path(&doing, key)?;
        match self.store.delete(&path).await.map_err(|error| ObjectError::of_store(&doing, &error)) {
            Err(error) if error.kind != ObjectErrorKind::Missing => Err(error),
            _ => Ok(()),
        }
    }

    /// What is being done with a key, as errors say it.
    pub(super) fn doing(&self, what: &str, key: &str) -> String {
        format!("{what} {}", self.address(key))
    }

    /// A key as the library has it.
    #[expect(clippy::unused_self, reason = "a key means something in its bucket only")]
    pub(super) fn path(&self, doing: &str, key: &str) -> Result<Path, ObjectError> {
        Path::parse(key).map_err(|error| ObjectError::new(doing, ObjectErrorKind::Setup, error.to_string()))
    }
}

fn found(meta: &ObjectMeta) -> Found {
    let ObjectMeta { location, size: bytes, last_modified: changed, e_tag: tag, .. } = meta.clone();
    Found { key: location.to_string(), bytes, changed, tag }
}

/// What came of a conditional put.
fn won(put: Result<Version, ObjectError>) -> Result<Option<Version>, ObjectError> {
    match put {
        Ok(version) => Ok(Some(version)),
        Err(error) if matches!(error.kind, ObjectErrorKind::Conflict | ObjectErrorKind::Missing) => Ok(None),
        Err(error) => Err(error),
    }
}
