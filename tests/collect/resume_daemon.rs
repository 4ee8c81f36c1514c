//! Pages that are kept outlast a daemon that is killed, and nothing is kept of a run that has ended.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::json;
use wiremock::{MockServer, ResponseTemplate};

use super::pages::{number, page, records, server};
use crate::cli::folder::{Folder, is_empty};
use crate::support::eventually;

/// Which pages were asked for, and what becomes of page 4.
#[derive(Default)]
struct Mood {
    asked: Vec<u64>,
    four: Option<ResponseTemplate>,
}

/// A server with six pages by cursor, and a folder with a job that collects them.
async fn world() -> (MockServer, Arc<Mutex<Mood>>, Folder) {
    let mood = Arc::new(Mutex::new(Mood::default()));
    let asked = Arc::clone(&mood);
    let server = server(move |query: &BTreeMap<String, String>, _| {
        let mut mood = asked.lock().unwrap();
        let at = number(query, "at").max(1);
        mood.asked.push(at);
        if let Some(answer) = mood.four.clone().filter(|_| at == 4) {
            return answer;
        }
        let next = if at < 6 { json!(at + 1) } else { json!(null) };
        page(&records(at * 10 - 10, at * 10, 60), json!({"next": next}))
    })
    .await;
    let folder = Folder::new().await;
    let job = format!(
        "job: pages\nsteps:\n  - id: fetch\n    retry: {{attempts: 2, delay: 20ms}}\n    collect:\n      http:\n        \
         url: \"{}/list\"\n        records: /rows\n        paginate: {{cursor: {{from: /next, param: at}}}}\n        \
         retry_requests: {{attempts: 1}}\n      into: {{connection: pg, table: t}}\n",
        server.uri()
    );
    folder.write("jobs/pages.yaml", &job);
    (server, mood, folder)
}

fn trigger(folder: &Folder) -> String {
    folder.call(&["trigger", "pages", "--json"]).ends(0).json()["id"].as_str().unwrap().to_owned()
}

async fn until_state(folder: &Folder, run: &str, state: &str) {
    eventually(&format!("the run is {state}"), async || {
        folder.database.value(&format!("select state from windlass.run where id = '{run}'")).await == state
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_is_killed_costs_no_page_that_has_come() {
    let (_server, mood, folder) = world().await;
    mood.lock().unwrap().four = Some(ResponseTemplate::new(200).set_delay(Duration::from_mins(1)));
    let daemon = folder.start(&["serve"]);
    daemon.says("ready").await;
    let run = trigger(&folder);
    eventually("page 4 is asked for", async || mood.lock().unwrap().asked.contains(&4)).await;
    daemon.signal(Signal::SIGKILL);
    daemon.end().await;
    mood.lock().unwrap().four = None;
    let daemon = folder.start(&["serve"]);
    daemon.says("ready").await;
    until_state(&folder, &run, "succeeded").await;
    assert_eq!(mood.lock().unwrap().asked, [1, 2, 3, 4, 4, 5, 6]);
    assert_eq!(folder.database.value("select concat(count(*), ' ', count(distinct a)) from t").await, "60 60");
    let shown = folder.call(&["show", &run, "--json"]).ends(0).json();
    assert_eq!(shown["steps"][0]["attempts"][1]["outcome"]["pages_kept"], 3, "{shown}");
    assert!(is_empty(&folder.path("data/spool")));
    daemon.signal(Signal::SIGTERM);
    daemon.end().await.ends(0);
    folder.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_kept_of_a_run_that_has_ended() {
    let (_server, mood, folder) = world().await;
    mood.lock().unwrap().four = Some(ResponseTemplate::new(503));
    let daemon = folder.start(&["serve"]);
    daemon.says("ready").await;
    let run = trigger(&folder);
    until_state(&folder, &run, "failed").await;
    assert_eq!(mood.lock().unwrap().asked, [1, 2, 3, 4, 4]);
    assert!(is_empty(&folder.path("data/spool")));
    daemon.signal(Signal::SIGTERM);
    daemon.end().await.ends(0);

    // As if another daemon had ended the run, or a run that this one doesn't know had something here.
    let folder_of = |run: &str| folder.path(&format!("data/spool/windlass_{}_0_2_0", run.replace('-', "")));
    let (ended, unknown) = (folder_of(&run), folder_of("01234567-89ab-7def-8123-456789abcdef"));
    std::fs::create_dir(&ended).unwrap();
    std::fs::create_dir(&unknown).unwrap();
    let daemon = folder.start(&["serve"]);
    daemon.says("ready").await;
    eventually("the spool is cleared", async || !ended.exists()).await;
    assert!(unknown.exists());

    // A retry by hand begins with the first page.
    mood.lock().unwrap().four = None;
    mood.lock().unwrap().asked.clear();
    folder.call(&["retry", &run]).ends(0);
    until_state(&folder, &run, "succeeded").await;
    assert_eq!(mood.lock().unwrap().asked, [1, 2, 3, 4, 5, 6]);
    daemon.signal(Signal::SIGTERM);
    daemon.end().await.ends(0);
    folder.close().await;
}
