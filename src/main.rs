//! The `windlass` program: parse, start, exit code. A shell that asks what may come next is answered first.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use windlass::cli::{Arguments, answer_shell, start};

/// How long a thread that hangs in a call of the system, as on a network disk that is gone, may keep the process.
const LAST_WAIT: Duration = Duration::from_secs(10);

fn main() -> anyhow::Result<ExitCode> {
    answer_shell();
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let code = runtime.block_on(start(arguments));
    runtime.shutdown_timeout(LAST_WAIT);
    Ok(code)
}
