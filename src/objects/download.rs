//! An object on its way to a disk.

use std::path::Path;

use futures_util::StreamExt;
use object_store::ObjectStoreExt;
use tokio::io::AsyncWriteExt;
use tokio_util::sync::CancellationToken;

use super::bucket::Bucket;
use super::error::{ObjectError, ObjectErrorKind};

impl Bucket {
    /// Fetches an object into a new file.
    pub async fn download(&self, key: &str, to: &Path, stop: &CancellationToken) -> Result<(), ObjectError> {
        let doing = self.doing("fetching", key);
        let failed = |error: object_store::Error| ObjectError::of_store(&doing, &error);
        let unwritable = |error: std::io::Error| {
            ObjectError::new(&doing, ObjectErrorKind::File, format!("writing {}: {error}", to.display()))
        };
        let path = self.path(&doing, key)?;
        let fetching = async {
            let mut content = self.store().get(&path).await.map_err(failed)?.into_stream();
            let mut file = tokio::fs::File::create_new(to).await.map_err(unwritable)?;
            while let Some(chunk) = content.next().await {
                file.write_all(&chunk.map_err(failed)?).await.map_err(unwritable)?;
            }
            file.flush().await.map_err(unwritable)
        };
        tokio::select! {
            biased;
            () = stop.cancelled() => Err(ObjectError::new(&doing, ObjectErrorKind::Stopped, "stopped on request")),
            fetched = fetching => fetched,
        }
    }
}
