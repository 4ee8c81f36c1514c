//! The `windlass` program: parse, start, exit code. A shell that asks what may come next is answered first.

use std::process::ExitCode;

use clap::Parser;
use windlass::cli::{Arguments, answer_shell, start};

fn main() -> anyhow::Result<ExitCode> {
    answer_shell();
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    Ok(runtime.block_on(start(arguments)))
}
