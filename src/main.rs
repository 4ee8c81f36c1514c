//! The `windlass` program: parse, start, exit code.

use std::process::ExitCode;

use clap::Parser;
use windlass::cli::{Arguments, start};

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    Ok(runtime.block_on(start(arguments)))
}
