//! Rows from PostgreSQL on their way to DuckDB: a file of whole CSV rows, small enough to have two of them at a time.

use std::path::{Path, PathBuf};
use std::pin::Pin;

use bytes::Bytes;
use futures_util::StreamExt;
use tokio::io::AsyncWriteExt;
use tokio_postgres::CopyOutStream;

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::postgres::PgError;

/// Bytes of rows in one chunk. Large enough for DuckDB to fill whole row groups of most tables, small enough that two
/// of them hurt no disk.
const CHUNK_BYTES: u64 = 64 << 20;

/// Bytes that are handed to the file system at once.
const BUFFER_BYTES: usize = 1 << 20;

/// A closed chunk.
#[derive(Debug)]
pub(super) struct Chunk {
    /// The file.
    pub(super) path: PathBuf,
    /// Rows in it.
    pub(super) rows: u64,
    /// Its size.
    pub(super) bytes: u64,
    /// Bytes of the longest row.
    pub(super) longest: usize,
    /// Whether the source has no more rows.
    pub(super) last: bool,
}

/// Writes the next rows of the stream into a file. PostgreSQL sends one message for each row, so a chunk always ends
/// with a whole one.
pub(super) async fn fill(rows: &mut Pin<Box<CopyOutStream>>, path: &Path, doing: &str) -> Result<Chunk, Failure> {
    let spooling = |error: std::io::Error| spool_failure(&format!("{doing}: writing {}", path.display()), &error);
    let mut file = tokio::fs::File::create(path).await.map_err(spooling)?;
    let mut chunk = Chunk { path: path.to_path_buf(), rows: 0, bytes: 0, longest: 0, last: true };
    let mut buffer: Vec<u8> = Vec::with_capacity(BUFFER_BYTES);
    while let Some(row) = rows.next().await {
        let row: Bytes = row.map_err(|error| PgError::new(doing, &error).on(Side::Source))?;
        chunk.rows += 1;
        chunk.bytes += row.len() as u64;
        chunk.longest = chunk.longest.max(row.len());
        buffer.extend_from_slice(&row);
        if buffer.len() >= BUFFER_BYTES {
            file.write_all(&buffer).await.map_err(spooling)?;
            buffer.clear();
        }
        if chunk.bytes >= CHUNK_BYTES {
            chunk.last = false;
            break;
        }
    }
    file.write_all(&buffer).await.map_err(spooling)?;
    file.flush().await.map_err(spooling)?;
    Ok(chunk)
}

/// A failure to write into the spool folder.
pub(super) fn spool_failure(doing: &str, error: &std::io::Error) -> Failure {
    use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    let message = format!("{doing}: {error}");
    match error.kind() {
        StorageFull | QuotaExceeded | FileTooLarge => Failure::transient(Code::DiskFull, Side::Internal, message)
            .with_hint("free some space below data_dir: rows rest there on their way"),
        _ => Failure::permanent(Code::LocalFile, Side::Internal, message),
    }
}
