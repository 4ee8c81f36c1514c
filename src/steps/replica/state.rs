//! What is there of a replica: its file, its manifest, its generations, and what a crash left.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::domain::replica::Manifest;

use super::layout::{Layout, logs_of};
use super::manifest;

/// What is there of a replica.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// The replica's file, if there is one.
    pub file: Option<FileFacts>,
    /// The replica's manifest.
    pub manifest: Option<Manifest>,
    /// Manifests that can't be read, with the reason.
    pub unreadable: Vec<String>,
    /// Generations that are there with file and manifest, by number.
    pub kept: BTreeMap<u64, Manifest>,
    /// Numbers of files without a manifest or manifests without a file: what a crash left.
    pub halves: BTreeSet<u64>,
    /// The generation whose file is the replica's, under another name.
    pub shown: Option<u64>,
    /// Logs beside the replica or a generation. Nobody should have written to either.
    pub logs: Vec<PathBuf>,
}

/// What tells one file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileFacts {
    /// Its size.
    pub bytes: u64,
    device: u64,
    inode: u64,
}

impl State {
    /// Looks at a replica.
    pub fn read(layout: &Layout) -> io::Result<Self> {
        let mut state = Self { file: facts_of(&layout.replica())?, ..Self::default() };
        state.manifest = state.take(manifest::read(&layout.manifest()))?;
        let mut files = BTreeMap::new();
        let mut manifests = BTreeSet::new();
        for (number, ending) in names_in(&layout.generations())? {
            match ending.as_str() {
                "db" => drop(files.insert(number, facts_of(&layout.generation(number))?)),
                "json" => drop(manifests.insert(number)),
                _ => {}
            }
        }
        for number in files.keys().copied().chain(manifests.iter().copied()).collect::<BTreeSet<_>>() {
            let there = match (files.get(&number), manifests.contains(&number)) {
                (Some(Some(_)), true) => state.take(manifest::read(&layout.generation_manifest(number)))?,
                _ => None,
            };
            match there {
                Some(manifest) => drop(state.kept.insert(number, manifest)),
                None => drop(state.halves.insert(number)),
            }
        }
        let is_shown = |facts: &Option<FileFacts>| {
            let identity = |facts: FileFacts| (facts.device, facts.inode);
            facts.is_some() && facts.map(identity) == state.file.map(identity)
        };
        state.shown = files.iter().find(|(_, facts)| is_shown(facts)).map(|(number, _)| *number);
        let all = files.keys().map(|number| layout.generation(*number)).chain([layout.replica()]);
        state.logs = all.flat_map(|file| logs_of(&file).collect::<Vec<_>>()).filter(|log| log.exists()).collect();
        Ok(state)
    }

    /// The largest number that was ever published, as the manifest knows it; zero if none was.
    pub fn published_until(&self) -> u64 {
        self.manifest.as_ref().map_or(0, |one| one.generation.max(one.rolled_back_from.unwrap_or(0)))
    }

    /// The largest number that any trace of a generation bears.
    pub fn largest(&self) -> u64 {
        let traces = self.kept.keys().chain(&self.halves).copied();
        traces.max().unwrap_or(0).max(self.published_until())
    }

    /// The manifest that the replica should have, where a crash came between the rename of the file and that of the
    /// manifest.
    pub fn unfinished(&self) -> Option<Manifest> {
        let shown = self.kept.get(&self.shown?)?;
        let says = self.manifest.as_ref();
        if says.is_some_and(|says| says.generation == shown.generation) {
            return None;
        }
        let before = says.map(|says| says.generation);
        Some(Manifest { rolled_back_from: before.filter(|before| *before > shown.generation), ..shown.clone() })
    }

    /// The generation to go back to if nobody says which: the one that stood there before, else the next older one.
    pub fn before(&self) -> Option<u64> {
        let manifest = self.manifest.as_ref()?;
        let previous = manifest.previous.filter(|number| self.kept.contains_key(number));
        previous.or_else(|| self.kept.range(..manifest.generation).next_back().map(|(number, _)| *number))
    }

    /// What was read, or the note that it can't be.
    fn take(&mut self, read: io::Result<Option<Manifest>>) -> io::Result<Option<Manifest>> {
        match read {
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                self.unreadable.push(error.to_string());
                Ok(None)
            }
            read => read,
        }
    }
}

/// A file's facts; `None` if it isn't there.
fn facts_of(path: &Path) -> io::Result<Option<FileFacts>> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        found => found.map(|found| Some(FileFacts { bytes: found.len(), device: found.dev(), inode: found.ino() })),
    }
}

/// The names in a folder of generations that are a number and an ending; none if there is no such folder.
fn names_in(folder: &Path) -> io::Result<Vec<(u64, String)>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        let parts = name.to_str().and_then(|name| name.split_once('.'));
        if let Some((number, ending)) = parts.and_then(|(number, ending)| Some((number.parse().ok()?, ending))) {
            names.push((number, ending.to_owned()));
        }
    }
    Ok(names)
}
