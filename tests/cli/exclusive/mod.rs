//! The field's case from end to end: an account that must not be used twice at a time, by runs that come in every way there
//! is at once, with several daemons.

mod api;

use std::collections::BTreeMap;

use nix::sys::signal::Signal;
use windlass::domain::ids::RunId;
use windlass::domain::run::{Run, Trigger};
use windlass::domain::state::RunState;
use windlass::store::{RunFilter, Store};
use windlass::telemetry::Metrics;

use super::folder::Folder;
use crate::support::eventually;
use api::Api;

/// The shipped job under another name, of a server that deletes all reports of an account where the job means its own.
fn job(name: &str, schedule: &str, api: &Api) -> String {
    let changes = [
        ("job: exclusive-account", format!("job: {name}\n{schedule}")),
        ("http://127.0.0.1:8322", api.address.clone()),
        ("retry: {attempts: 3, delay: 2s}\n", String::new()),
        ("connection: warehouse", "connection: pg".to_owned()),
        ("every: 500ms", "every: 20ms".to_owned()),
        (
            "delete: {url: \"{{ params.api }}/reports/{{ report.id }}\"}",
            "delete: {url: \"{{ params.api }}/reports\", query: {account: \"{{ params.account }}\"}}".to_owned(),
        ),
    ];
    let mut text = std::fs::read_to_string("jobs/exclusive-account.yaml").unwrap();
    for (from, to) in changes {
        assert!(text.contains(from), "the shipped job has changed: {from}");
        text = text.replace(from, &to);
    }
    text
}

async fn runs(store: &Store) -> Vec<Run> {
    store.runs(&RunFilter { limit: 100, ..RunFilter::default() }).await.unwrap()
}

fn of<'r>(runs: &'r [Run], job: &str) -> Vec<&'r Run> {
    runs.iter().filter(|run| run.job == job).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn however_runs_of_one_account_come_about_they_are_alone_and_nothing_comes_back_empty() {
    let (folder, api) = (Folder::new().await, Api::start().await);
    folder.database.execute("create schema staging").await;
    folder.write("jobs/report.yaml", &job("report", "", &api));
    folder.write("jobs/due.yaml", &job("due", "schedule: {cron: \"* * * * * *\", overlap: skip}", &api));
    folder.write("jobs/late.yaml", &job("late", "schedule: {cron: \"0 0 1 1 *\", missed_window: 400d}", &api));
    let chain = "job: chain\nsteps:\n  - id: next\n    trigger: {job: report, params: {account: a}}\n";
    folder.write("jobs/chain.yaml", chain);
    let store = Store::new(folder.database.server(), Metrics::new("test")).unwrap();

    // One that fails, to be tried again. Then nobody is there for a while.
    api.seen.lock().unwrap().broken = true;
    let daemon = folder.start(&["serve"]);
    daemon.says("ready").await;
    folder.call(&["pause", "due"]).ends(0);
    let failed = folder.call(&["trigger", "report", "--param", "account=a", "--json"]).ends(0).json();
    let failed: RunId = failed["id"].as_str().unwrap().parse().unwrap();
    eventually("it has failed", async || store.run(failed).await.unwrap().unwrap().state == RunState::Failed).await;
    let ended = async || runs(&store).await.iter().all(|run| run.state.is_final());
    eventually("all have failed", ended).await;
    daemon.signal(Signal::SIGTERM);
    daemon.end().await.ends(0);
    api.seen.lock().unwrap().broken = false;
    let before = runs(&store).await;
    let down = "update windlass.job set planned_through = date_trunc('year', now()) - interval '1 minute', next_due = null where name = 'late'";
    folder.database.execute(down).await;

    // Everybody at once.
    folder.call(&["retry", &failed.to_string()]).ends(0);
    folder.call(&["trigger", "chain"]).ends(0);
    for _ in 0..2 {
        folder.call(&["trigger", "report", "--param", "account=b"]).ends(0);
    }
    folder.call(&["resume", "due"]).ends(0);
    let by_hand = folder.start_as("run.log", &["run", "report", "--param", "account=a", "--json"]);
    let daemons = [folder.start_as("one.log", &["serve"]), folder.start_as("two.log", &["serve"])];
    let new = async || -> Vec<Run> {
        let old: Vec<RunId> = before.iter().map(|run| run.id).filter(|id| *id != failed).collect();
        runs(&store).await.into_iter().filter(|run| !old.contains(&run.id)).collect()
    };
    eventually("it is due", async || !of(&new().await, "due").is_empty()).await;
    folder.call(&["pause", "due"]).ends(0);
    by_hand.end().await.ends(0);
    eventually("all have come about", async || {
        of(&new().await, "report").len() >= 5 && !of(&new().await, "late").is_empty()
    })
    .await;
    eventually("all have ended", async || new().await.iter().all(|run| run.state.is_final())).await;

    check(&new().await, &folder, &api).await;
    for daemon in daemons {
        daemon.signal(Signal::SIGTERM);
        daemon.end().await.ends(0);
    }
    store.close();
    folder.close().await;
}

/// What must hold of the runs that came about.
async fn check(made: &[Run], folder: &Folder, api: &Api) {
    let triggers = |job: &str, trigger: Trigger| of(made, job).iter().filter(|run| run.trigger == trigger).count();
    assert!(made.iter().all(|run| run.state == RunState::Succeeded), "{made:#?}");
    assert_eq!((triggers("report", Trigger::Manual), triggers("report", Trigger::Step)), (4, 1));
    assert!(triggers("due", Trigger::Schedule) >= 1);
    assert_eq!(triggers("late", Trigger::Schedule), 1);
    let together = "select count(*) from windlass.lock_grant as one join windlass.lock_grant as other \
                    on other.name = one.name and other.granted_at > one.granted_at \
                    and other.granted_at < coalesce(one.released_at, 'infinity')";
    assert_eq!(folder.database.value(together).await, "0", "two had one account at once");
    {
        let seen = api.seen.lock().unwrap();
        assert_eq!((seen.most, seen.empty, seen.side_by_side), (1, 0, true));
    }
    let accounts: BTreeMap<&str, usize> =
        made.iter().filter(|run| run.job != "chain").fold(BTreeMap::new(), |mut all, run| {
            *all.entry(run.params["account"].as_str()).or_default() += 1;
            all
        });
    assert!(accounts["a"] >= 5 && accounts["b"] == 2, "{accounts:?}");
    let rows = folder.database.value("select count(*) from staging.ad_report").await;
    assert_eq!(rows, (accounts["a"] + accounts["b"]).to_string());
}
