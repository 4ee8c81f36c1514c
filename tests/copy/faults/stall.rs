//! A target that stands still.

use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::cli::folder::Folder;
use crate::support::{PrivateServer, eventually, server};

/// Rows of the source, of about a kilobyte each: many times what may be kept in memory.
const ROWS: u32 = 200_000;

/// What the source may have read when nobody takes anything from it any more, in bytes.
const READ_AHEAD: u64 = 32 * 1024 * 1024;

/// What Windlass may need more than it did before the copy, in KiB.
const ROOM: u64 = 64 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_stands_still_stops_the_sources_read_and_memory_stays_flat() {
    let (private, folder) = tokio::join!(PrivateServer::start(&[], false), Folder::new());
    let (source, target) = tokio::join!(server().database(), private.database());
    source
        .execute(&format!("create view big as select g, repeat('x', 1000) as x from generate_series(1, {ROWS}) g"))
        .await;
    let settings = std::fs::read_to_string(folder.path("windlass.yaml")).unwrap();
    let connections = format!(
        "connections:\n  source: {{postgres: {{url: \"{}\"}}}}\n  target: {{postgres: {{url: \"{}\"}}}}\n",
        source.url(),
        target.url()
    );
    folder.write("windlass.yaml", &settings.replace("connections:\n", &connections));
    folder.write(
        "jobs/stall.yaml",
        "job: stall\nsteps:\n  - id: copy\n    copy_to_staging:\n      from: {connection: source, table: big}\n      \
         to: {connection: target, table: t}\n",
    );
    target.execute("create table t (g int, x text)").await;
    let running = folder.start(&["run", "stall"]);
    let copying = "select pid from pg_stat_progress_copy where datname = current_database() and command = 'COPY FROM'";
    eventually("the copy has begun", async || {
        target.value(&format!("select count(*) from ({copying}) c")).await == "1"
    })
    .await;
    let backend = Pid::from_raw(target.value(copying).await.parse().unwrap());
    let before = memory_kib(running.id(), "VmRSS:");
    let standing_still = Still::stand(backend);

    let waiting = "select count(*) from pg_stat_activity
                   where datname = current_database() and application_name like '%/source' and wait_event = 'ClientWrite'";
    let told = "select coalesce(max(progress->>'phase'), '') from windlass.attempt";
    eventually("the stall shows in the progress", async || {
        folder.database.value(told).await.ends_with("s for the target")
    })
    .await;
    let read = "select coalesce(sum(bytes_processed), 0) from pg_stat_progress_copy where datname = current_database()";
    let mut stopped_at = 0;
    eventually("nothing more is read", async || {
        let last = std::mem::replace(&mut stopped_at, source.value(read).await.parse::<u64>().unwrap());
        tokio::time::sleep(Duration::from_millis(200)).await;
        last == stopped_at && source.value(waiting).await == "1"
    })
    .await;
    assert!(stopped_at > 0 && stopped_at < READ_AHEAD, "{stopped_at} bytes were read");
    let peak = memory_kib(running.id(), "VmHWM:");
    assert!(peak.saturating_sub(before) < ROOM, "{peak} KiB at the most, {before} KiB before");

    drop(standing_still);
    running.end().await.ends(0);
    assert_eq!(target.value("select count(*) from t").await, ROWS.to_string());
    tokio::join!(source.close(), target.close(), folder.close());
}

/// A process that is stopped until this is dropped: its server could not end otherwise.
struct Still(Pid);

impl Still {
    fn stand(process: Pid) -> Self {
        kill(process, Signal::SIGSTOP).unwrap();
        Self(process)
    }
}

impl Drop for Still {
    fn drop(&mut self) {
        kill(self.0, Signal::SIGCONT).unwrap();
    }
}

/// What a process has of memory now (`VmRSS:`), or had at the most (`VmHWM:`).
fn memory_kib(pid: u32, key: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(key)).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
