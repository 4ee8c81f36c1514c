//! What is published and packaged: all that is needed, and nothing else.

use std::process::Command;

use clap::CommandFactory as _;
use serde_json::Value;
use windlass::cli::Arguments;

use super::{path, text};
use crate::cli::folder::{Called, windlass};

/// Calls cargo in the repository. It only looks.
fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(path("")).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn metadata() -> Value {
    let metadata = cargo(&["metadata", "--no-deps", "--offline", "--format-version", "1"]);
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    metadata["packages"][0]["metadata"]["deb"].clone()
}

#[test]
fn the_crate_carries_what_it_takes_to_build_it_and_no_tests() {
    let listed = cargo(&["package", "--list", "--allow-dirty", "--offline"]);
    let files: Vec<&str> = listed.lines().collect();
    for wanted in
        ["src/main.rs", "build.rs", "migrations/V1__state.sql", "jobs/nasdaq-daily.yaml", "docs/errors/WL0101.md"]
    {
        assert!(files.contains(&wanted), "{wanted} is missing");
    }
    let folders =
        ["src/", "migrations/", "jobs/", "deploy/", "docs/", ".cargo/config.toml", "scripts/package", "scripts/setup"];
    for file in files.iter().filter(|file| file.contains('/')) {
        assert!(folders.iter().any(|folder| file.starts_with(folder)), "{file} is not needed");
        assert!(!file.contains("/secrets/"), "{file}");
    }
}

#[test]
fn everything_that_the_package_carries_is_there_and_stands_where_the_unit_looks() {
    let deb = metadata();
    let mut carried = Vec::new();
    for asset in deb["assets"].as_array().unwrap() {
        let (source, target) = (asset[0].as_str().unwrap(), asset[1].as_str().unwrap());
        // What is built is there when the package is made.
        if !source.starts_with("target/release/") {
            let found = glob::glob(path(source).to_str().unwrap()).unwrap().count();
            assert!(found > 0, "{source} is not in the repository");
        }
        let name = source.rsplit('/').next().unwrap();
        carried.push(if target.ends_with('/') { format!("/{target}{name}") } else { format!("/{target}") });
    }
    for file in deb["conf-files"].as_array().unwrap() {
        assert!(carried.iter().any(|one| *one == file.as_str().unwrap()), "{file}");
    }
    let unit = text("deploy/systemd/windlass.service");
    let (_, start) = unit.split_once("\nExecStart=").unwrap();
    for word in start.lines().next().unwrap().split(' ').filter(|word| word.starts_with('/')) {
        assert!(carried.iter().any(|one| one == word), "the package has no {word}");
    }
    // Where build.rs has the program look for it.
    assert!(carried.iter().any(|one| one == "/usr/lib/windlass/libduckdb.so"), "{carried:?}");
    for script in ["postinst", "prerm", "postrm"] {
        let script = path(deb["maintainer-scripts"].as_str().unwrap()).join(script);
        assert!(Command::new("sh").arg("-n").arg(&script).status().unwrap().success(), "{}", script.display());
    }
}

#[test]
fn every_command_has_a_manual_page_and_every_shell_its_completions() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("man");
    Called::of(&windlass(&["man", "--out", out.to_str().unwrap()]).output().unwrap()).ends(0);
    let mut command = Arguments::command();
    command.build();
    for subcommand in command.get_subcommands().filter(|one| one.get_name() != "help") {
        let page = out.join(format!("windlass-{}.1", subcommand.get_name()));
        assert_eq!(page.is_file(), !subcommand.is_hide_set(), "{}", page.display());
    }
    assert!(std::fs::read_to_string(out.join("windlass.1")).unwrap().contains(".TH windlass 1"));
    for shell in ["bash", "zsh", "fish"] {
        let script = Called::of(&windlass(&["completions", shell]).output().unwrap()).ends(0).stdout;
        assert!(script.contains("windlass") && script.contains("WINDLASS_COMPLETE"), "{shell}: {script}");
    }
}
