//! How much memory a load takes.

use windlass::domain::step::BodyFormat;

use super::world::{To, World, http};
use crate::duckdb::process::{Other, say};

/// What a process has beside DuckDB's memory, and what DuckDB's allocator keeps for itself; with some room.
const BESIDE: u64 = 200;

/// What reading and loading may have on a machine of so many cores, in MiB, as docs/JOBS.md says.
fn allowed(columns: u64) -> u64 {
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    cores.div_ceil(2).clamp(2, 8) * (128 + columns)
}

#[tokio::test]
async fn a_large_body_takes_no_more_memory_than_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let body = folder.path().join("body.csv");
    // 330 MB. As a table that isn't compressed they would be 290 MB once more.
    let write = format!(
        "copy (select i as id, 'S' || i % 3000 as symbol, '삼성전자 ' || i % 7 as name, (i % 99991) / 7 as price, \
         i * 7919 % 1000003 as volume, timestamp '2026-01-01' + to_seconds(i % 31536000) as day \
         from range(5000000) range(i)) to '{}' (format csv)",
        body.display()
    );
    duckdb::Connection::open_in_memory().unwrap().execute_batch(&write).unwrap();
    let said = Other::start("collect-memory", &[body.to_str().unwrap()]).hear();
    let (rows, peak) = said.split_once(' ').unwrap();
    assert_eq!(rows, "5000000");
    let (peak, most) = (peak.parse::<u64>().unwrap(), allowed(6) + BESIDE);
    assert!(peak < most, "{peak} MiB where {most} are the most");
}

/// Loads a file of CSV in this process and says how many rows there were and the peak of its memory in MiB.
pub(crate) fn play(body: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let rows = runtime.block_on(async {
        let mut world = World::new(To::DuckDb, http("http://127.0.0.1:1/", BodyFormat::Csv)).await;
        world.read_files(body);
        world.run().await.unwrap().rows.unwrap()
    });
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    say(format!("{rows} {}", peak / 1024));
}
