//! Builds the state database's indexes that a migration has left to be built beside the work.

use std::sync::Arc;
use std::time::Duration;

use super::shared::Shared;

/// Until the next try: the database may be away, or another daemon at it.
const AGAIN: Duration = Duration::from_mins(1);

/// Builds them, and ends when all are there.
pub(super) async fn build(shared: Arc<Shared>) {
    loop {
        match shared.store.build_indexes().await {
            Ok(Some(0)) => return,
            Ok(Some(built)) => return tracing::info!(built, "built indexes of the state database"),
            Ok(None) => tracing::debug!("another daemon builds indexes of the state database"),
            Err(error) => {
                tracing::warn!(%error, "indexes could not be built; the state database is slow until they are");
            }
        }
        tokio::time::sleep(AGAIN).await;
    }
}
