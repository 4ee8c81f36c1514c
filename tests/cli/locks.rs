use nix::sys::signal::Signal;

use super::folder::Folder;
use super::serving::{address, get};
use crate::support::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn who_holds_a_lock_and_who_waits_behind_whom_is_shown() {
    let folder = Folder::new().await;
    folder.database.execute("create table go as select 1").await;
    let wait = "do $$ begin while exists (select from go) loop perform pg_sleep(0.02); end loop; end $$";
    folder.write(
        "jobs/alone.yaml",
        &format!("job: alone\nlocks: [api/x]\nsteps:\n  - id: a\n    sql: {{connection: pg, statement: \"{wait}\"}}\n"),
    );
    let serve = folder.start(&["serve"]);
    let address = address(&serve).await;
    serve.says("ready").await;
    let mut runs = Vec::new();
    for _ in 0..3 {
        let run = folder.call(&["trigger", "alone", "--json"]).ends(0).json();
        runs.push(run["id"].as_str().unwrap().to_owned());
    }
    let locks = || folder.call(&["locks", "--json"]).ends(0).json();
    eventually("one holds it and two wait", async || locks().as_array().unwrap().len() == 3).await;
    let shown = locks();
    let of =
        |key: &str| -> Vec<String> { shown.as_array().unwrap().iter().map(|lock| lock[key].to_string()).collect() };
    assert_eq!(of("state"), ["\"held\"", "\"waiting\"", "\"waiting\""]);
    assert_eq!(of("run"), runs.iter().map(|run| format!("\"{run}\"")).collect::<Vec<_>>());
    assert_eq!(of("place"), ["null", "1", "2"]);
    assert_eq!(of("behind"), ["null".to_owned(), format!("\"{}\"", runs[0]), format!("\"{}\"", runs[1])]);
    let table = folder.call(&["locks"]).ends(0).stdout;
    assert!(table.lines().nth(1).unwrap().trim_end().ends_with('-'), "nobody is ahead of the holder: {table}");
    assert!(table.lines().nth(2).unwrap().contains("alone "), "{table}");
    let listed = folder.call(&["runs"]).ends(0).stdout;
    assert!(listed.contains(&format!("waits for lock api/x, behind run {} of alone, since 20", runs[0])), "{listed}");
    let since = folder.call(&["show", &runs[1], "--json"]).ends(0).json();
    assert!(since["waiting_since"].is_string(), "{since}");
    // Counted with the next renewal of the lease.
    let counted = async || get(&address, "/metrics").await.1.contains("windlass_lock_waiting{lock_class=\"api\"} 2");
    eventually("the metric counts them", counted).await;

    folder.database.execute("delete from go").await;
    eventually("all have ended", async || locks().as_array().unwrap().is_empty()).await;
    serve.signal(Signal::SIGTERM);
    serve.end().await.ends(0);
    folder.close().await;
}
