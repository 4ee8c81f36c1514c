//! What a shell offers while somebody types, asked by a real bash.

use std::process::Command;

use super::folder::{Called, Folder};

/// What bash offers at the end of a line, by the script of `windlass completions`.
fn offered(folder: &Folder, line: &str) -> Vec<String> {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_windlass")).parent().unwrap();
    let script = format!(
        "PATH={}:$PATH; source <(windlass completions bash); complete -p windlass >/dev/null; \
         COMP_LINE='{line}' COMP_POINT={} COMP_TYPE=9; COMP_WORDS=({line}); \
         [[ $COMP_LINE == *' ' ]] && COMP_WORDS+=(''); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
         _clap_complete_windlass windlass \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"; \
         printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        program.display(),
        line.len()
    );
    let mut bash = Command::new("bash");
    bash.args(["--noprofile", "--norc", "-c", &script]).current_dir(folder.path(""));
    bash.env_remove("WINDLASS_CONFIG");
    let called = Called::of(&bash.output().unwrap()).ends(0);
    assert_eq!(called.stderr, "", "{line}");
    // Where a value may stand, an option may too.
    let values = called.stdout.lines().filter(|offer| !offer.is_empty() && !offer.starts_with("--"));
    values.map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_jobs_come_from_files_until_the_state_database_knows_them_and_runs_from_there() {
    let folder = Folder::new().await;
    folder.sql_job("nightly", "select 1");
    folder.sql_job("주문-적재", "select 1 / 0");
    assert_eq!(offered(&folder, "windlass trigger nig"), ["nightly"]);
    assert_eq!(offered(&folder, "windlass pause 주"), ["주문-적재"]);
    assert!(offered(&folder, "windlass tr").contains(&"trigger".to_owned()));

    folder.call(&["run", "nightly"]).ends(0);
    folder.call(&["run", "주문-적재"]).ends(1);
    let runs = folder.call(&["runs", "--json"]).ends(0).json();
    let [failed, succeeded] = [0, 1].map(|at: usize| runs[at]["id"].as_str().unwrap().to_owned());
    assert_eq!(offered(&folder, "windlass show "), [failed.clone(), succeeded.clone()], "the newest first");
    assert_eq!(offered(&folder, &format!("windlass logs {succeeded}")), [succeeded]);
    assert_eq!(offered(&folder, "windlass retry "), [failed], "only what can be tried again");
    assert_eq!(offered(&folder, "windlass --config windlass.yaml runs --job n"), ["nightly"]);
    assert!(offered(&folder, "windlass explain WL010").contains(&"WL0105".to_owned()));

    // A database that is away costs a moment and says nothing.
    let settings = std::fs::read_to_string(folder.path("windlass.yaml")).unwrap();
    let away = folder.path("nowhere");
    let url = format!("postgres://x@{}/y", away.display().to_string().replace('/', "%2F"));
    folder.write("windlass.yaml", &settings.replace(folder.database.url(), &url));
    assert_eq!(offered(&folder, "windlass trigger nig"), ["nightly"]);
    assert!(offered(&folder, "windlass show ").is_empty());
    folder.write("windlass.yaml", &settings);
    folder.close().await;
}
