//! The examples of docs/API.md do what the page says. Runs where `curl` and `jq` are installed.

use std::process::Command;

use super::daemon::{address, guarded};
use crate::cli::folder::Called;
use crate::support::skipped;

#[tokio::test(flavor = "multi_thread")]
async fn each_example_of_the_page_works_in_the_order_of_the_page() {
    for program in ["curl", "jq"] {
        if Command::new(program).arg("--version").output().is_err() {
            return skipped(&format!("{program} is not on PATH"));
        }
    }
    let folder = guarded("load", "select 1 / 0").await;
    let serve = folder.start(&["serve"]);
    let address = address(&serve).await;

    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/API.md");
    let page = std::fs::read_to_string(page).unwrap();
    let blocks = page.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let script: String = blocks.collect();
    // The examples print bodies one after the other; with a line for each status what fails is found.
    let told = "curl -sS -w '\\n%{stderr}%{http_code} %{method} %{url}\\n'";
    let script = script.replace("127.0.0.1:8321", &address).replace("curl -sS", told);
    let mut bash = Command::new("bash");
    bash.args(["-euo", "pipefail", "-c", &script]).current_dir(folder.path(""));
    let called = Called::of(&bash.output().unwrap()).ends(0);
    let failed: Vec<&str> = called.stderr.lines().filter(|line| !line.starts_with('2')).collect();
    // By the time it is cancelled the run has failed, as its last event said.
    assert!(failed.len() == 1 && failed[0].starts_with("409") && failed[0].ends_with("/cancel"), "{called:#?}");
    assert!(called.stdout.contains("event: run") && called.stdout.contains("WL0303"), "{}", called.stdout);
    let acts = folder.database.value("select string_agg(action, ' ' order by id) from windlass.audit").await;
    assert_eq!(acts, "trigger pause resume retry");
    serve.signal(nix::sys::signal::Signal::SIGTERM);
    serve.end().await.ends(0);
    folder.close().await;
}
