//! A program that is killed at any moment while it takes new files: each file's rows are there once in the end.
//!
//! A short round is always run; `WINDLASS_TEST_KILLS` is the number of kills, `WINDLASS_TEST_SEED` what all chance comes
//! from.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use windlass::duckdb::{DuckDbFile, OpenMode};
use windlass::steps::StopSignal;

use crate::cli::folder::Folder;
use crate::support::flags;

/// Kills of the short round.
const KILLS: u64 = 12;

/// Rows of a file.
const ROWS: u64 = 500;

/// Rows, different rows, and rows that were put aside.
const SUMS: &str = "select count(*) || ' ' || count(distinct id) || ' ' || (select count(*) from t_rejects) from t";

fn job(connection: &str) -> String {
    format!(
        "job: {connection}-files\nsteps:\n  - id: files\n    collect:\n      file: {{path: ../in/*.csv, only_new: true, \
         bad_rows: {{limit: 1000}}}}\n      into: {{connection: {connection}, table: t, mode: append}}\n"
    )
}

#[tokio::test]
async fn each_file_is_loaded_once_however_often_the_program_is_killed() {
    let (kills, mut rng) = (flags::number("WINDLASS_TEST_KILLS", KILLS), StdRng::seed_from_u64(flags::seed()));
    let folder = Folder::new().await;
    let settings = std::fs::read_to_string(folder.path("windlass.yaml")).unwrap();
    let market = "connections:\n  market: {duckdb: {path: market.db}}\n";
    folder.write("windlass.yaml", &settings.replace("connections:\n", market));
    std::fs::create_dir(folder.path("in")).unwrap();
    for connection in ["pg", "market"] {
        folder.write(&format!("jobs/{connection}.yaml"), &job(connection));
    }
    let mut files = 0;
    let mut add = || {
        let rows: Vec<String> = (0..ROWS).map(|row| format!("{},x\n", files * ROWS + row)).collect();
        // Complete before it has its name.
        folder.write("new", &format!("id,text\n{}bad\n", rows.concat()));
        std::fs::rename(folder.path("new"), folder.path(&format!("in/{files}.csv"))).unwrap();
        files += 1;
    };
    add();
    let mut usual = Duration::ZERO;
    for connection in ["pg", "market"] {
        let started = Instant::now();
        folder.call(&["run", &format!("jobs/{connection}.yaml")]).ends(0);
        usual = usual.max(started.elapsed());
    }
    for number in 0..kills {
        add();
        let running = folder.start(&["run", if number % 2 == 0 { "jobs/pg.yaml" } else { "jobs/market.yaml" }]);
        tokio::time::sleep(usual.mul_f64(rng.random_range(0.2..1.1))).await;
        running.signal(Signal::SIGKILL);
        running.end().await;
    }
    for connection in ["pg", "market"] {
        folder.call(&["run", &format!("jobs/{connection}.yaml")]).ends(0);
    }
    let rows = files * ROWS;
    let expected = format!("{rows} {rows} {files}");
    assert_eq!(folder.database.value(SUMS).await, expected);
    let session = DuckDbFile::new(folder.path("market.db")).open(OpenMode::ReadOnly).await.unwrap();
    let ask = |connection: &duckdb::Connection| connection.query_row(SUMS, [], |row| row.get::<_, String>(0));
    assert_eq!(session.run(&StopSignal::new(), "counting", ask).await.unwrap(), expected);
    session.close().await.unwrap();
    folder.close().await;
}
