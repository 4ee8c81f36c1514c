//! Which generations stay.

use std::collections::BTreeSet;
use std::fs;

use super::layout::Layout;
use super::show::leave;
use super::state::State;

/// Removes what a crash left among the generations. With the lock held, nobody is about to complete it.
pub(crate) fn remove_halves(layout: &Layout, state: &State) -> Vec<u64> {
    // A file that is the replica itself has only lost its manifest.
    let halves: Vec<u64> = state.halves.iter().copied().filter(|number| state.shown != Some(*number)).collect();
    for number in &halves {
        leave(layout, *number);
    }
    drop(fs::remove_file(layout.hidden_again()));
    halves
}

/// Removes generations beyond `keep`, never the published one. Says which.
pub(crate) fn remove_old(layout: &Layout, state: &State, keep: u32) -> Vec<u64> {
    let staying = staying(state, keep);
    let gone: Vec<u64> = state.kept.keys().copied().filter(|number| !staying.contains(number)).collect();
    for number in &gone {
        leave(layout, *number);
    }
    gone
}

/// The published generation, those that it followed, then the newest. So after going back from a bad generation and
/// publishing a good one, it isn't the bad one that stays to go back to.
pub(super) fn staying(state: &State, keep: u32) -> BTreeSet<u64> {
    let mut order: Vec<u64> = state.shown.into_iter().collect();
    let mut next = state.manifest.as_ref().map(|manifest| manifest.generation);
    while let Some(number) = next.filter(|number| state.kept.contains_key(number)) {
        order.push(number);
        // A number is only ever followed by a larger one.
        next = state.kept[&number].previous.filter(|previous| *previous < number);
    }
    order.extend(state.kept.keys().rev());
    let mut staying = BTreeSet::new();
    for number in order {
        if staying.len() < keep as usize || Some(number) == state.shown {
            staying.insert(number);
        }
    }
    staying
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::RunId;
    use crate::domain::replica::{MANIFEST_VERSION, Manifest};

    fn manifest(generation: u64, previous: u64) -> Manifest {
        Manifest {
            version: MANIFEST_VERSION,
            generation,
            made_at: chrono::DateTime::UNIX_EPOCH,
            published_at: chrono::DateTime::UNIX_EPOCH,
            file: String::new(),
            bytes: 0,
            sha256: String::new(),
            source: String::new(),
            method: String::new(),
            rows: 0,
            tables: Vec::new(),
            duckdb_version: String::new(),
            storage_version: String::new(),
            job: String::new(),
            run: RunId(uuid::Uuid::nil()),
            step: String::new(),
            previous: Some(previous),
            rolled_back_from: None,
        }
    }

    fn state(generations: &[(u64, u64)], shown: u64) -> State {
        let kept = generations.iter().map(|(number, previous)| (*number, manifest(*number, *previous))).collect();
        let mut state = State { kept, shown: Some(shown), ..State::default() };
        state.manifest = state.kept.get(&shown).cloned();
        state
    }

    #[test]
    fn the_newest_stay_and_the_published_one_always() {
        let four = [(1, 0), (2, 1), (3, 2), (4, 3)];
        assert_eq!(staying(&state(&four, 4), 3), BTreeSet::from([2, 3, 4]));
        assert_eq!(staying(&state(&four, 4), 1), BTreeSet::from([4]));
        assert_eq!(staying(&state(&four, 1), 1), BTreeSet::from([1]));
        assert_eq!(staying(&state(&four, 2), 3), BTreeSet::from([1, 2, 4]));
    }

    #[test]
    fn what_was_gone_back_from_goes_before_what_was_gone_back_to() {
        let after = state(&[(3, 2), (4, 3), (5, 4), (6, 5), (7, 4)], 7);
        assert_eq!(staying(&after, 3), BTreeSet::from([3, 4, 7]));
        assert_eq!(after.before(), Some(4));
    }
}
