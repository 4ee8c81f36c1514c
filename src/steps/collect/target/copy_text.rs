//! Rows on their way from DuckDB into a PostgreSQL table: written as text by DuckDB, streamed into COPY.
//!
//! A slice of the rows is written while the one before it is sent, so the disk never holds more than two of them, and
//! neither side waits for the whole of the other's work. Every value is in quotes and a missing one is a bare `\N`, so an
//! empty text stays one, and a text `\N` too.

use std::path::{Path, PathBuf};
use std::pin::Pin;

use bytes::Bytes;
use futures_util::SinkExt;
use tokio::fs::File;
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc;
use tokio_postgres::CopyInSink;

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

/// Rows of a slice, of which one is sent and one waits: four of DuckDB's groups, so that each of a few threads has one to write.
const SLICE: u64 = 4 * 122_880;

const DOING: &str = "copying the rows in";

/// Streams these columns of the data into those of a table and returns how many rows the server took.
pub(super) async fn copy(
    data: &Data,
    columns: &[Column],
    (session, table, list): (&Session, &str, &str),
    to: &Path,
    context: &StepContext,
) -> Result<u64, Failure> {
    let columns = columns.iter().map(written).collect::<Vec<_>>().join(", ");
    let (ready, mut slices) = mpsc::channel::<Slice>(1);
    let write = async move {
        let mut rows = 0;
        while rows < data.rows {
            // The table is as it was made: its rows are numbered without gaps.
            let (first, path) = (rows, to.with_extension(rows.to_string()));
            rows = (first + SLICE).min(data.rows);
            let query = format!("select {columns} from stage.main.data where rowid >= {first} and rowid < {rows}");
            write_query(data, &query, &path, context).await?;
            if ready.send(Slice { path, rows }).await.is_err() {
                // Sending has failed, and that is what is told.
                break;
            }
        }
        Ok(())
    };
    let send = async move {
        let mut copying = std::pin::pin!(begin(session, table, list).await?);
        let (mut sent, mut rows) = (0, 0);
        while let Some(slice) = slices.recv().await {
            sent += send_file(copying.as_mut(), &slice.path).await?;
            rows = slice.rows;
            tokio::fs::remove_file(&slice.path).await.map_err(|error| disk(&error))?;
            let progress = Progress { rows: Some(rows), bytes: Some(sent), ..Progress::phase("loading") };
            context.host.progress(Progress { rows_expected: Some(data.rows), ..progress });
        }
        if rows < data.rows {
            // Dropped unfinished, the copy is taken back by the server.
            return Err(PgError::without_server(DOING, "the rows could not be written".to_owned(), PgErrorKind::Lost));
        }
        copying.finish().await.map_err(|error| failed(&error))
    };
    let (wrote, sent) = tokio::join!(write, session.run_until(&context.stop, Side::Target, send));
    wrote.and(sent)
}

/// Rows that are written.
struct Slice {
    path: PathBuf,
    /// How many there are with those before.
    rows: u64,
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

/// Streams a text into these columns of a table and returns how many rows the server took.
pub(super) async fn send(
    session: &Session,
    table: &str,
    columns: &str,
    from: &Path,
    context: &StepContext,
) -> Result<u64, Failure> {
    let work = async {
        let mut copying = std::pin::pin!(begin(session, table, columns).await?);
        send_file(copying.as_mut(), from).await?;
        copying.finish().await.map_err(|error| failed(&error))
    };
    session.run_until(&context.stop, Side::Target, work).await
}

async fn begin(session: &Session, table: &str, columns: &str) -> Result<CopyInSink<Bytes>, PgError> {
    let statement = format!("copy {table} ({columns}) from stdin (format csv, null '\\N')");
    session.client().copy_in(&statement).await.map_err(|error| failed(&error))
}

/// Sends a text and says how many bytes it has.
async fn send_file(mut copying: Pin<&mut CopyInSink<Bytes>>, from: &Path) -> Result<u64, PgError> {
    let mut file = File::open(from).await.map_err(|error| disk(&error))?;
    let mut sent = 0;
    loop {
        let mut piece = Vec::with_capacity(PIECE);
        if (&mut file).take(PIECE as u64).read_to_end(&mut piece).await.map_err(|error| disk(&error))? == 0 {
            return Ok(sent);
        }
        sent += piece.len() as u64;
        copying.feed(Bytes::from(piece)).await.map_err(|error| failed(&error))?;
    }
}

fn failed(error: &tokio_postgres::Error) -> PgError {
    PgError::new(DOING, error)
}

fn disk(error: &std::io::Error) -> PgError {
    PgError::without_server("reading the spool folder", error.to_string(), PgErrorKind::Lost)
}
