//! `windlass man`: the manual pages that a package carries, made from the command line itself.

use std::path::Path;

use clap::CommandFactory;

use super::arguments::Arguments;
use super::error::{CliError, Exit};
use super::output;
use super::workspace::local;

/// Writes `windlass.1` and a page for each command into a folder, and prints their paths.
pub(super) fn run(out: &Path) -> Result<Exit, CliError> {
    let writing = |error| local("writing manual pages into", out, &error);
    std::fs::create_dir_all(out).map_err(writing)?;
    clap_mangen::generate_to(Arguments::command(), out).map_err(writing)?;
    let mut pages = std::fs::read_dir(out).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(writing)?;
    pages.sort_by_key(std::fs::DirEntry::path);
    for page in pages {
        output::line(page.path().display().to_string())?;
    }
    Ok(Exit::Done)
}
