//! Every fixture in `invalid/` is refused, with the text that stands beside it.

use std::path::Path;

use proptest::prelude::*;
use windlass::spec::{self, Diagnostic};

use super::{each_fixture, folder, known};

fn refused(path: &Path) -> Vec<Diagnostic> {
    spec::load_file(path, &known()).map(|loaded| loaded.job.name).expect_err("the file is wrong")
}

fn show(path: &Path) -> String {
    spec::print(&refused(path), false)
}

#[test]
fn each_wrong_file_is_refused_with_all_that_is_wrong_with_it() {
    let seen = each_fixture("tests/spec/invalid", show);
    assert!(seen > 40, "{seen} fixtures");
}

#[test]
fn a_folder_a_missing_file_and_an_unreadable_one_are_refused() {
    let temporary = tempfile::tempdir().unwrap();
    let dir = temporary.path().join("job.yaml");
    std::fs::create_dir(&dir).unwrap();
    assert!(show(&dir).contains("this is a folder, not a file"), "{}", show(&dir));
    let missing = temporary.path().join("nowhere.yaml");
    assert!(show(&missing).contains("can't be read: No such file"), "{}", show(&missing));
    // Reading one's own memory at address zero fails for root, too; a file without permissions doesn't.
    let unreadable = Path::new("/proc/self/mem");
    assert!(show(unreadable).contains("can't be read: Input/output error"), "{}", show(unreadable));
    let endless = Path::new("/dev/zero");
    assert!(show(endless).contains("this is not a regular file"), "{}", show(endless));
    let long = temporary.path().join("long.yaml");
    std::fs::write(&long, "#".repeat(2 * 1024 * 1024)).unwrap();
    assert!(show(&long).contains("is longer than"), "{}", show(&long));
}

#[test]
fn the_second_of_two_files_with_one_job_name_is_refused() {
    let temporary = tempfile::tempdir().unwrap();
    let text = "job: 주문\nsteps:\n  - id: one\n    command: {program: \"true\"}\n";
    for name in ["b.yaml", "a.yml", ".draft.yaml", "windlass.yaml", "notes.txt"] {
        std::fs::write(temporary.path().join(name), text).unwrap();
    }
    let loaded = spec::load_dir(temporary.path(), &known());
    assert_eq!(loaded.len(), 2);
    assert_eq!(loaded[0].1.as_ref().unwrap().job.name, "주문");
    let refused = loaded[1].1.as_ref().unwrap_err();
    assert_eq!((refused[0].line, refused[0].column), (Some(1), Some(6)));
    assert!(refused[0].hint.as_ref().unwrap().contains("a.yml:1:6"), "{refused:?}");
}

#[test]
fn a_folder_that_cannot_be_read_is_a_diagnostic() {
    let loaded = spec::load_dir(Path::new("/nowhere"), &known());
    assert!(loaded[0].1.as_ref().unwrap_err()[0].message.contains("can't be read"));
}

/// Pieces of job files: put together at random they reach deeper than random bytes.
const PIECES: &[&str] = &[
    "job: x\n",
    "steps:\n",
    "  - id: a\n",
    "    sql: {connection: source, statement: \"{{ params.a }}\"}\n",
    "    collect:\n",
    "      http: {url: \"{{\", report: {}}\n",
    "    retry: {delay: 9999999999d}\n",
    "params: {a: {default: 가}}\n",
    "locks: [*a]\n",
    "&a ",
    "<<: *a\n",
    "---\n",
    "\t",
    "? [x]\n",
    ": ",
    "!!binary x\n",
    "'",
    "\"\\x\"",
    "|\n",
    "{",
    "}",
    "[",
    "]",
    "\u{feff}",
    "\r\n",
    "가",
    "%YAML 1.2\n",
    "schedule: {cron: \"* * * * *\", timezone: 가/나}\n",
    "    publish_replica: {from: {connection: market, tables: [{}]}, to: []}\n",
    "      into: {connection: market, table: \"가{% raw %}\", mode: upsert, key: [\"\"]}\n",
    "    timeout: 1h\n",
    "null\n",
    "~\n",
    "1e999\n",
];

proptest! {
    #[test]
    fn no_bytes_make_the_loader_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Err(diagnostics) = spec::load_text(Path::new("x.yaml"), bytes, &known()) {
            prop_assert!(!spec::print(&diagnostics, false).is_empty());
        }
    }

    #[test]
    fn no_mixture_of_pieces_makes_the_loader_panic(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..25)) {
        if let Err(diagnostics) = spec::load_text(Path::new("x.yaml"), pieces.concat().into_bytes(), &known()) {
            prop_assert!(!spec::print(&diagnostics, true).is_empty());
        }
    }

    #[test]
    fn no_change_of_a_right_file_makes_the_loader_panic(at in any::<prop::sample::Index>(), length in 0usize..20,
                                                       piece in prop::sample::select(PIECES)) {
        let text = include_str!("valid/example.yaml");
        let mut start = at.index(text.len());
        while !text.is_char_boundary(start) { start -= 1; }
        let mut end = (start + length).min(text.len());
        while !text.is_char_boundary(end) { end += 1; }
        let changed = format!("{}{piece}{}", &text[..start], &text[end..]);
        let path = folder("tests/spec/valid/example.yaml");
        if let Err(diagnostics) = spec::load_text(&path, changed.into_bytes(), &known()) {
            prop_assert!(!spec::print(&diagnostics, false).is_empty());
        }
    }
}
