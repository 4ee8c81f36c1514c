//! What is wrong with a replica, seen without reading its file.

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
    let mut wrong = state.unreadable.clone();
    let Some(file) = state.file else {
        wrong.push(format!("{} is not there", layout.replica().display()));
        return wrong;
    };
    match &state.manifest {
        None if state.unreadable.is_empty() => wrong.push("it has no manifest".to_owned()),
        None => {}
        Some(manifest) => {
            let number = manifest.generation;
            if let Some(unfinished) = state.unfinished() {
                wrong.push(format!(
                    "it is generation {} already, its manifest says {number}: a publish was cut off, the next one \
                     finishes it",
                    unfinished.generation
                ));
            } else if state.shown != Some(number) && manifest.file == layout.generation_name(number) {
                wrong.push(format!("it is not the file of generation {number}: somebody put another one in its place"));
            } else if file.bytes != manifest.bytes {
                wrong.push(format!("it has {} bytes, its manifest says {}", file.bytes, manifest.bytes));
            }
        }
    }
    for log in &state.logs {
        wrong.push(format!("somebody opened it to write: {} lies there", log.display()));
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
