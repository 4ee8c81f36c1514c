//! The crate keeps to its layer table. The table is the one in the documentation of `src/lib.rs`, so the two can't differ.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What a layer may use.
#[derive(Debug)]
struct Rule {
    /// Layers, by name; `None`: all of them.
    uses: Option<BTreeSet<String>>,
    /// Whether the row forbids tokio.
    without_tokio: bool,
}

#[test]
fn every_use_of_another_layer_is_in_the_table() {
    let rules = table();
    let mut seen = BTreeSet::new();
    let mut problems = Vec::new();
    for (file, text) in sources() {
        let Some(layer) = layer_of(&file) else { continue };
        let Some(rule) = rules.get(&layer) else {
            problems.push(format!("{}: layer `{layer}` is not in the table of src/lib.rs", file.display()));
            continue;
        };
        for used in layers_used(&text).into_iter().filter(|used| *used != layer) {
            if rule.uses.as_ref().is_some_and(|uses| !uses.contains(&used)) {
                problems.push(format!("{}: `{layer}` must not use `{used}`", file.display()));
            }
            seen.insert((layer.clone(), used));
        }
        if rule.without_tokio && without_comments(&text).contains("tokio::") {
            problems.push(format!("{}: `{layer}` must not use tokio", file.display()));
        }
        if leaves_its_layer(&file, &text) {
            problems.push(format!("{}: reach another layer by `crate::`, not by `super::`", file.display()));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    // The test reads something: these two hold as long as the house stands.
    for (layer, used) in [("engine", "store"), ("steps", "postgres")] {
        assert!(seen.contains(&(layer.to_owned(), used.to_owned())), "{layer} → {used} was not found in {seen:?}");
    }
}

#[test]
fn names_are_found_in_paths_and_in_groups() {
    let text = "use crate::{api, store::Pool, steps::{run, spec}};\nfn f() { crate::engine::go() } // crate::cli::x\n";
    assert_eq!(layers_used(text), BTreeSet::from(["api", "store", "steps", "engine"].map(str::to_owned)));
}

/// The rows of the table in the crate's documentation.
fn table() -> BTreeMap<String, Rule> {
    let lib = std::fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let rows = lib.lines().filter_map(|line| line.strip_prefix("//! |")).skip(2);
    let rules: BTreeMap<String, Rule> = rows
        .flat_map(|row| {
            let columns: Vec<&str> = row.split('|').map(str::trim).collect();
            let uses = columns[1] != "everything";
            names(columns[0]).into_iter().map(move |layer| {
                let uses = uses.then(|| names(columns[1]));
                (layer, Rule { uses, without_tokio: columns[2].contains("tokio") })
            })
        })
        .collect();
    let modules = lib.lines().filter_map(|line| line.strip_prefix("pub mod ")).map(|rest| rest.trim_end_matches(';'));
    let missing: Vec<&str> = modules.filter(|module| !rules.contains_key(*module)).collect();
    assert!(missing.is_empty(), "modules without a row in the table: {missing:?}");
    rules
}

/// The names in backticks.
fn names(cell: &str) -> BTreeSet<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The layers that a file names: `crate::x`, or each first name in `crate::{…}`.
fn layers_used(text: &str) -> BTreeSet<String> {
    let text = without_comments(text);
    let mut used = BTreeSet::new();
    for (at, _) in text.match_indices("crate::").filter(|(at, _)| !text[..*at].ends_with('$')) {
        let rest = &text[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => used.extend(first_names(group)),
            None => used.extend(identifier(rest)),
        }
    }
    used
}

/// The first name of each entry of a group, up to its closing brace.
fn first_names(group: &str) -> Vec<String> {
    let (mut depth, mut entry, mut found) = (0, String::new(), Vec::new());
    for character in group.chars() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => found.extend(identifier(&std::mem::take(&mut entry))),
            other if depth == 0 => entry.push(other),
            _ => {}
        }
    }
    found.extend(identifier(&entry));
    found
}

fn identifier(text: &str) -> Option<String> {
    let name: String = text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (!name.is_empty()).then_some(name)
}

/// Whether a chain of `super` climbs past the file's layer. Test modules within a file stand one deeper and are left out.
fn leaves_its_layer(file: &Path, text: &str) -> bool {
    let text = without_comments(text);
    let own = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let within = file.strip_prefix(root().join("src")).unwrap();
    let depth = within.components().count() - usize::from(within.ends_with("mod.rs"));
    own.contains(&"super::".repeat(depth))
}

fn without_comments(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The layer of a file: its folder under `src`, or its own name; `None` for the crate's root.
fn layer_of(file: &Path) -> Option<String> {
    let within = file.strip_prefix(root().join("src")).unwrap();
    let first = within.components().next()?.as_os_str().to_str()?.trim_end_matches(".rs").to_owned();
    (first != "lib").then_some(first)
}

fn sources() -> Vec<(PathBuf, String)> {
    let mut folders = vec![root().join("src")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&entry).unwrap();
                found.push((entry, text));
            }
        }
    }
    found
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
