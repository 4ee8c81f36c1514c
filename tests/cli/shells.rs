//! The same offers as `completing` has of bash, by a real zsh and a real fish.

use std::process::Command;

use super::folder::{Called, Folder};
use crate::support::programs::program;

/// What is typed, what must be offered, and whether nothing else may be.
const LINES: [(&str, &[&str], bool); 8] = [
    ("windlass tri", &["trigger"], true),
    ("windlass trigger nig", &["nightly"], true),
    ("windlass trigger ", &["nightly", "주문-적재"], false),
    ("windlass pause 주", &["주문-적재"], true),
    ("windlass explain WL010", &["WL0101", "WL0105"], false),
    ("windlass --config windlass.yaml runs --job n", &["nightly"], true),
    ("windlass runs --state f", &["failed"], true),
    ("windlass plan ./jobs/ni", &["./jobs/nightly.yaml"], true),
];

async fn folder(shell: &str) -> Folder {
    let folder = Folder::new().await;
    folder.write("jobs/nightly.yaml", "job: nightly\ndescription: \"Copies orders: all of them\"\nsteps:\n  - id: a\n    sql: {connection: pg, statement: select 1}\n");
    folder.sql_job("주문-적재", "select 1");
    let script = folder.call(&["completions", shell]).ends(0).stdout;
    for name in ["script", "_windlass"] {
        folder.write(name, &script);
    }
    folder
}

/// A shell in the folder, with this program on its path; `None` where it isn't installed.
fn shell(folder: &Folder, name: &str) -> Option<Command> {
    let windlass = std::path::Path::new(env!("CARGO_BIN_EXE_windlass")).parent().unwrap().display();
    let mut command = Command::new(program(name, &format!("Debian package {name}"))?);
    command.env("PATH", format!("{windlass}:/usr/local/bin:/usr/bin:/bin")).env_remove("WINDLASS_CONFIG");
    command.env("HOME", folder.path("")).env("LC_ALL", "C.UTF-8").env("TERM", "xterm").current_dir(folder.path(""));
    Some(command)
}

#[track_caller]
fn holds(line: &str, offered: &str, wanted: &[&str], only: bool) {
    let offered: Vec<&str> = offered.lines().map(|line| line.split('\t').next().unwrap_or_default().trim()).collect();
    let offered: Vec<&str> = offered.into_iter().filter(|offer| !offer.is_empty()).collect();
    assert!(wanted.iter().all(|one| offered.contains(one)), "{line}: {offered:?}");
    assert!(!only || offered.len() == wanted.len(), "{line}: {offered:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn zsh_offers_them_whether_it_reads_the_script_or_loads_it_by_its_name() {
    let folder = folder("zsh").await;
    for script in ["script", "_windlass"] {
        for (line, wanted, only) in LINES {
            let Some(mut zsh) = shell(&folder, "zsh") else { return folder.close().await };
            let place = folder.path(script);
            zsh.args(["-f", "-c", include_str!("shells.zsh"), "zsh", line]).arg(&place);
            let called = Called::of(&zsh.output().unwrap()).ends(0);
            holds(&format!("{script}: {line}"), &called.stdout, wanted, only);
        }
    }
    folder.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fish_offers_them_with_what_they_are() {
    let folder = folder("fish").await;
    for (line, wanted, only) in LINES {
        let Some(mut fish) = shell(&folder, "fish") else { return folder.close().await };
        fish.args(["--no-config", "-c", &format!("source script; complete -C '{line}'")]);
        let called = Called::of(&fish.output().unwrap()).ends(0);
        assert_eq!(called.stderr, "", "{line}");
        holds(line, &called.stdout, wanted, only);
        assert!(line != "windlass trigger nig" || called.stdout.contains("\tCopies orders: all of them"), "{called:?}");
    }
    folder.close().await;
}
