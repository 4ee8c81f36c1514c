//! Asks a replica one question whenever a new generation of it is there.
//!
//! ```text
//! cargo run --example read_replica -- /data/duckdb/stock_data_replica.db "select count(*) from prices"
//! ```
//!
//! The manifest beside the replica says which generation is published and which file that is. What was open stays open
//! until the newer one could be opened, so a read that fails costs nothing but age.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example that is run in a terminal")]

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use duckdb::{AccessMode, Config, Connection};

/// How often to look at the manifest: a small file, read in microseconds.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A generation that is open.
struct Generation {
    number: u64,
    connection: Connection,
}

/// The generation that the manifest names, and its file.
fn published(replica: &Path) -> Result<(u64, PathBuf), Box<dyn Error>> {
    let mut manifest = replica.as_os_str().to_owned();
    manifest.push(".json");
    let manifest = PathBuf::from(manifest);
    let told: serde_json::Value = serde_json::from_slice(&fs::read(&manifest)?)?;
    let number = told["generation"].as_u64().ok_or("the manifest names no generation")?;
    let file = told["file"].as_str().ok_or("the manifest names no file")?;
    Ok((number, manifest.with_file_name(file)))
}

/// Opens the published generation, unless it is the one that is open.
fn newer(replica: &Path, open: Option<&Generation>) -> Result<Option<Generation>, Box<dyn Error>> {
    let (number, file) = published(replica)?;
    if open.is_some_and(|open| open.number == number) {
        return Ok(None);
    }
    let read_only = Config::default().access_mode(AccessMode::ReadOnly)?;
    Ok(Some(Generation { number, connection: Connection::open_with_flags(file, read_only)? }))
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(replica), Some(query)) = (arguments.next(), arguments.next()) else {
        return Err("arguments: the replica, a query with one number as its answer".into());
    };
    let replica = PathBuf::from(replica);
    let mut open: Option<Generation> = None;
    loop {
        match newer(&replica, open.as_ref()) {
            Ok(Some(generation)) => {
                let answer: i64 = generation.connection.query_row(&query, [], |row| row.get(0))?;
                println!("generation {}: {answer}", generation.number);
                open = Some(generation);
            }
            Ok(None) => {}
            Err(error) => eprintln!("staying with what is open: {error}"),
        }
        sleep(LOOK_EVERY);
    }
}
