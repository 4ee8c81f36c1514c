//! Rows on their way from DuckDB into a PostgreSQL table: written as text by DuckDB, streamed into COPY.
//!
//! Every value is in quotes and a missing one is a bare `\N`, so an empty text stays one, and a text `\N` too.

use std::path::Path;

use bytes::Bytes;
use futures_util::SinkExt;
use tokio::fs::File;
use tokio::io::AsyncReadExt;

use super::postgres_types::written;
use crate::domain::failure::{Failure, Side};
use crate::domain::progress::Progress;
use crate::duckdb::literal;
use crate::postgres::{PgError, PgErrorKind, Session};
use crate::steps::StepContext;
use crate::steps::collect::data::{Column, Data};

/// Size of the pieces that are sent. The driver passes each of them through a channel, so not too small; one is in
/// memory at a time.
const PIECE: usize = 256 * 1024;

/// Writes these columns of the data as text.
pub(super) async fn write(data: &Data, columns: &[Column], to: &Path, context: &StepContext) -> Result<(), Failure> {
    let columns: Vec<String> = columns.iter().map(written).collect();
    write_query(data, &format!("select {} from stage.main.data", columns.join(", ")), to, context).await
}

/// Writes the rows of a query on the data as text.
pub(super) async fn write_query(data: &Data, query: &str, to: &Path, context: &StepContext) -> Result<(), Failure> {
    let statement = format!(
        "copy ({query}) to {} (format csv, header false, delimiter ',', quote '\"', escape '\"', \
         nullstr '\\N', force_quote *)",
        literal(&to.display().to_string())
    );
    let work =
        data.session.run(&context.stop, "writing the rows", move |connection| connection.execute_batch(&statement));
    work.await.map_err(|error| error.on(Side::Internal))
}

/// Streams the text into these columns of a table and returns how many rows the server took.
pub(super) async fn send(
    session: &Session,
    table: &str,
    columns: &str,
    from: &Path,
    context: &StepContext,
) -> Result<u64, Failure> {
    let statement = format!("copy {table} ({columns}) from stdin (format csv, null '\\N')");
    let work = async {
        let doing = "copying the rows in";
        let failed = |error: tokio_postgres::Error| PgError::new(doing, &error);
        let disk = |error: std::io::Error| {
            PgError::without_server("reading the spool folder", error.to_string(), PgErrorKind::Lost)
        };
        let mut file = File::open(from).await.map_err(disk)?;
        let size = file.metadata().await.map_err(disk)?.len();
        let mut sink = std::pin::pin!(session.client().copy_in::<_, Bytes>(&statement).await.map_err(failed)?);
        let mut sent = 0;
        loop {
            let mut piece = Vec::with_capacity(PIECE);
            if (&mut file).take(PIECE as u64).read_to_end(&mut piece).await.map_err(disk)? == 0 {
                break;
            }
            sent += piece.len() as u64;
            // Dropped unfinished, the copy is taken back by the server.
            sink.feed(Bytes::from(piece)).await.map_err(failed)?;
            let phase = Progress::phase("loading");
            context.host.progress(Progress { bytes: Some(sent), bytes_expected: Some(size), ..phase });
        }
        sink.finish().await.map_err(failed)
    };
    session.run_until(&context.stop, Side::Target, work).await
}
