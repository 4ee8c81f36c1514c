//! What is wrong with a replica, seen without reading its file.

use std::fmt;
use std::fs;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::domain::replica::Manifest;

use super::layout::Layout;
use super::state::State;

/// How old what a generation holds is. Going back to an older generation makes a replica older, not younger.
pub fn age(manifest: &Manifest, now: DateTime<Utc>) -> Duration {
    (now - manifest.made_at).to_std().unwrap_or_default()
}

/// All that is wrong with a replica, in words.
pub fn problems(layout: &Layout, state: &State) -> Vec<String> {
    let file = state.file.map(|file| file.bytes);
    let mut wrong = common_problems(&layout.replica().display(), state, file, |manifest, bytes, wrong| {
        let number = manifest.generation;
        if let Some(unfinished) = state.unfinished() {
            wrong.push(format!(
                "it is generation {} already, its manifest says {number}: a publish was cut off, the next one \
                 finishes it",
                unfinished.generation
            ));
        } else if state.shown != Some(number) && manifest.file == layout.generation_name(number) {
            wrong.push(format!("it is not the file of generation {number}: somebody put another one in its place"));
        } else if bytes != manifest.bytes {
            wrong.push(format!("it has {bytes} bytes, its manifest says {}", manifest.bytes));
        }
    });
    if file.is_some() {
        for log in &state.logs {
            wrong.push(format!("somebody opened it to write: {} lies there", log.display()));
        }
    }
    wrong
}

/// What is wrong wherever a replica stands: it isn't there, or has no manifest. One that has both is for `compare`, which
/// adds what it finds; `bytes` is the replica's size.
pub(super) fn common_problems(
    replica: &dyn fmt::Display,
    state: &State,
    bytes: Option<u64>,
    compare: impl FnOnce(&Manifest, u64, &mut Vec<String>),
) -> Vec<String> {
    let mut wrong = state.unreadable.clone();
    match (bytes, &state.manifest) {
        (None, _) => wrong.push(format!("{replica} is not there")),
        (Some(_), None) if wrong.is_empty() => wrong.push("it has no manifest".to_owned()),
        (Some(_), None) => {}
        (Some(bytes), Some(manifest)) => compare(manifest, bytes, &mut wrong),
    }
    wrong
}

/// Hidden files of a publish that is under way, or that died: nothing is wrong with them, the next one removes what is
/// nobody's.
pub fn unfinished_files(layout: &Layout, state: &State) -> Vec<String> {
    let halves = state.halves.iter().map(|number| layout.generation_name(*number));
    let entries = fs::read_dir(layout.folder()).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut found: Vec<String> = names.filter(|name| name.starts_with(&layout.hidden_prefix())).chain(halves).collect();
    found.sort();
    found
}
