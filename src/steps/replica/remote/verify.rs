//! Whether a replica in a store is what its manifest says.

use std::path::Path;

use tokio_util::sync::CancellationToken;

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::replica::Manifest;
use crate::objects::ObjectError;
use crate::steps::replica::{State, wrong_with};

use super::super::health::common_problems;
use super::replica::RemoteReplica;

impl RemoteReplica {
    /// All that is wrong with it, seen without reading its file. `bytes` is the replica's size.
    pub fn problems(&self, state: &State, bytes: Option<u64>) -> Vec<String> {
        common_problems(&self.address(), state, bytes, |manifest, bytes, wrong| {
            let number = manifest.generation;
            if bytes != manifest.bytes {
                wrong.push(format!(
                    "it has {bytes} bytes, its manifest says {}: a publish was cut off, or somebody put another \
                     file in its place",
                    manifest.bytes
                ));
            }
            if !state.kept.contains_key(&number) {
                wrong.push(format!("generation {number}, which its manifest names, is not there"));
            }
        })
    }

    /// All that is wrong with the replica's file, which is fetched into that folder and removed again.
    pub async fn wrong_with(
        &self,
        manifest: &Manifest,
        folder: &Path,
        stop: &CancellationToken,
    ) -> Result<Vec<String>, Failure> {
        let file = self.fetch(self.keys.replica(), folder, stop).await?;
        Box::pin(wrong_with(file.path(), manifest, stop)).await
    }

    /// Fetches an object into a file that goes when it is dropped.
    pub(super) async fn fetch(&self, key: &str, folder: &Path, stop: &CancellationToken) -> Result<Fetched, Failure> {
        let local = |error: std::io::Error| {
            let message = format!("making a folder in {}: {error}", folder.display());
            Failure::permanent(Code::LocalFile, Side::Internal, message)
        };
        let own = folder.join(format!("replica-{}", uuid::Uuid::new_v4().simple()));
        std::fs::create_dir_all(&own).map_err(local)?;
        let fetched = Fetched(own.join("replica.db"));
        self.bucket.download(key, &fetched.0, stop).await.map_err(ObjectError::failure)?;
        Ok(fetched)
    }
}

/// A file in a folder of its own; both go when this is dropped.
#[derive(Debug)]
pub(super) struct Fetched(std::path::PathBuf);

impl Fetched {
    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Fetched {
    fn drop(&mut self) {
        if let Some(folder) = self.0.parent() {
            // A spool folder is cleared by other means as well.
            drop(std::fs::remove_dir_all(folder));
        }
    }
}
