//! An object on its way to a disk.

use std::path::Path;

use futures_util::StreamExt;
use object_store::GetOptions;
use tokio::io::AsyncWriteExt;
use tokio_util::sync::CancellationToken;

use super::bucket::{Bucket, Found};
use super::error::{ObjectError, ObjectErrorKind};

impl Bucket {
    /// Fetches an object into a new file.
    pub async fn download(&self, key: &str, to: &Path, stop: &CancellationToken) -> Result<(), ObjectError> {
        self.fetch(key, GetOptions::default(), to, stop).await
    }

    /// Fetches an object that was found into a new file. If it is another by now that is an error.
    pub async fn download_found(&self, found: &Found, to: &Path, stop: &CancellationToken) -> Result<(), ObjectError> {
        let options = GetOptions { if_match: found.tag.clone(), ..GetOptions::default() };
        self.fetch(&found.key, options, to, stop).await
    }

    async fn fetch(
        &self,
        key: &str,
        options: GetOptions,
        to: &Path,
        stop: &CancellationToken,
    ) -> Result<(), ObjectError> {
        let doing = self.doing("fetching", key);
        let failed = |error: object_store::Error| ObjectError::of_store(&doing, &error);
        let unwritable = |error: std::io::Error| {
            ObjectError::new(&doing, ObjectErrorKind::File, format!("writing {}: {error}", to.display()))
        };
        let path = self.path(&doing, key)?;
        let fetching = async {
            let mut content = self.store().get_opts(&path, options).await.map_err(failed)?.into_stream();
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
