//! What a relay costs: copies one table into another, again and again, and prints time, own CPU and own memory.
//!
//! `cargo bench --bench relay -- SOURCE_URL TABLE TARGET_URL TABLE [text|binary] [ROUNDS]`
//!
//! The target table must be there; each round truncates it and loads it in one transaction. This is the relay alone: what
//! the step around it costs is measured by `scripts/bench-copy`.

use std::time::Instant;

use windlass::postgres::{Flow, Relay, Server};

fn main() {
    // Cargo adds `--bench`.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    // As a task, as in the daemon: outside of one, another thread would wait for the sockets and wake us each time.
    let mut tasks = tokio::task::JoinSet::new();
    runtime.block_on(async {
        tasks.spawn(measure(arguments));
        tasks.join_all().await
    });
}

#[expect(clippy::print_stdout, reason = "a program for people")]
async fn measure(arguments: Vec<String>) {
    let [source_url, from, target_url, to, rest @ ..] = arguments.as_slice() else {
        println!("relay: needs SOURCE_URL TABLE TARGET_URL TABLE [text|binary] [ROUNDS]; nothing measured");
        return;
    };
    let format = rest.first().map_or("binary", String::as_str);
    let rounds: u32 = rest.get(1).map_or(3, |rounds| rounds.parse().expect("ROUNDS is a number"));
    let source = Server::from_url(source_url, None).unwrap().connect("bench").await.unwrap();
    let target = Server::from_url(target_url, None).unwrap().connect("bench").await.unwrap();
    let out = format!("copy {from} to stdout (format {format})");
    let into = format!("copy {to} from stdin (format {format}, freeze)");
    for _ in 0..rounds {
        target.execute(&format!("begin; truncate {to}"), "preparing").await.unwrap();
        let (flow, started, cpu) = (Flow::default(), Instant::now(), cpu_ticks());
        let relay = Relay { source: &source, out: &out, target: &target, into: &into, flow: &flow };
        let relayed = Box::pin(relay.run()).await.unwrap();
        let (seconds, ticks) = (started.elapsed().as_secs_f64(), cpu_ticks() - cpu);
        target.execute("commit", "committing").await.unwrap();
        println!(
            "{format}: {} rows, {} bytes, {seconds:.3} s, {ticks}0 ms of CPU, peak {} KiB",
            relayed.written,
            relayed.bytes,
            peak_kib()
        );
    }
    tokio::join!(source.close(), target.close());
}

/// User and system time of this process so far, in hundredths of a second.
fn cpu_ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    // Behind the name, which may hold spaces, the first field is the third of all.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

/// Most memory that this process has had, in KiB.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
