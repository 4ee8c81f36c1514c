//! Columns of JSON as this version understands them.

use serde::de::DeserializeOwned;
use tokio_postgres::Row;
use tokio_postgres::types::Json;

/// What is in a column; `None` also for what a newer version has written in a form that this one doesn't know.
pub(super) fn json<T: DeserializeOwned>(row: &Row, column: &str) -> Option<T> {
    match row.try_get::<_, Option<Json<T>>>(column) {
        Ok(value) => value.map(|Json(value)| value),
        Err(error) => {
            tracing::debug!(%error, column, "what is stored is of another version");
            None
        }
    }
}
