//! Who is told, and what becomes of an alert whose receiver is away, slow or rude.

use std::collections::BTreeSet;
use std::time::Duration;

use nix::sys::signal::Signal;
use windlass::store::Store;
use windlass::telemetry::Metrics;
use wiremock::ResponseTemplate;

use super::world::{SECRET, World};
use crate::support::eventually;

fn key(request: &wiremock::Request) -> String {
    request.headers["idempotency-key"].to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_told_with_all_that_one_has_to_know_and_so_is_the_recovery() {
    let world = World::listening().await;
    let settings = std::fs::read_to_string(world.folder.path("windlass.yaml")).unwrap();
    let public = settings.replace("http: {", "http: {public_url: \"https://windlass.example.org/\", ");
    world.folder.write("windlass.yaml", &public);
    world.folder.database.execute("create table go (n int); insert into go values (0)").await;
    world.job("nightly", &world.notify("on: [failed, recovered]"), "select 1 / n from go");
    let serve = world.serve("stderr.log").await;
    let id = world.trigger("nightly");
    let told = world.hears("nightly failed", 1).await;
    let said: serde_json::Value = serde_json::from_str(&told[0]).unwrap();
    assert_eq!(said.as_object().unwrap().keys().collect::<Vec<_>>(), ["text"], "as Slack wants it");
    let text = said["text"].as_str().unwrap();
    for part in [
        "nightly failed at stage, attempt 1, target side",
        "division by zero (SQLSTATE 22012)",
        "What was done: the step was tried once; what it had begun was undone.",
        &format!("windlass retry {id}"),
        &format!("https://windlass.example.org/runs/{id}"),
    ] {
        assert!(text.contains(part), "no `{part}` in: {text}");
    }

    world.folder.database.execute("update go set n = 1").await;
    world.trigger("nightly");
    world.hears("nightly succeeded again", 1).await;
    world.trigger("nightly");
    world.until_recorded("failed delivered, recovered delivered").await;
    let listed = world.folder.call(&["alerts", "--json"]).ends(0).json();
    assert_eq!(listed[1]["run"], id.as_str());
    let table = world.folder.call(&["alerts", "--state", "delivered", "--since", "1h"]).ends(0).stdout;
    assert!(table.contains("recovered") && table.contains("nightly"), "{table}");
    serve.signal(Signal::SIGTERM);
    let log = serve.end().await.ends(0).stderr;
    assert!(log.contains("alert told") && !log.contains("s3cr3t"), "{log}");
    world.folder.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_is_tried_again_until_its_receiver_takes_it_and_known_by_its_key() {
    let world = World::new().await;
    world.answers(ResponseTemplate::new(500).set_body_string(format!("no: {SECRET}")), Some(1)).await;
    world.answers(ResponseTemplate::new(429).insert_header("retry-after", "60"), Some(1)).await;
    world.answers(ResponseTemplate::new(200).set_delay(Duration::from_mins(2)), Some(1)).await;
    world.job("nightly", &world.notify("on: [failed]"), "select 1 / 0");
    let serve = world.serve("stderr.log").await;
    world.trigger("nightly");
    let failed = async |words: &str| {
        let said = "select coalesce(max(error), '') from windlass.alert where claimed_by is null";
        eventually(words, async || world.folder.database.value(said).await.contains(words)).await;
    };
    failed("answered 500").await;
    let seen = world.folder.database.value("select error from windlass.alert").await;
    assert!(seen.contains("posting an alert to 127.0.0.1") && !seen.contains("s3cr3t"), "{seen}");
    world.hurry().await;
    failed("answered 429").await;
    let pause = "select next_try > now() + interval '50 seconds' from windlass.alert";
    assert_eq!(world.folder.database.value(pause).await, "true", "the receiver said when");
    let pending = world.folder.call(&["alerts", "--state", "pending"]).ends(0).stdout;
    assert!(pending.contains("429"), "{pending}");
    world.hurry().await;
    serve.says("no answer began within 15s").await;
    failed("no answer began").await;
    world.answers(ResponseTemplate::new(204), None).await;
    world.hurry().await;
    world.until_recorded("failed delivered").await;
    let keys: BTreeSet<String> = world.arrived().await.iter().map(key).collect();
    assert_eq!((world.arrived().await.len(), keys.len()), (4, 1));
    assert!(!serve.errors().contains("s3cr3t"), "{}", serve.errors());
    drop(serve);
    world.folder.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_survives_the_daemon_that_was_telling_it() {
    let world = World::new().await;
    world.answers(ResponseTemplate::new(200).set_delay(Duration::from_mins(2)), Some(1)).await;
    world.job("nightly", &world.notify("on: [failed]"), "select 1 / 0");
    let serve = world.serve("first.log").await;
    world.trigger("nightly");
    world.hears("nightly failed", 1).await;
    serve.signal(Signal::SIGKILL);
    serve.end().await;
    assert_eq!(world.recorded().await, "failed pending");
    world.answers(ResponseTemplate::new(200), None).await;
    let serve = world.serve("second.log").await;
    world.until_recorded("failed delivered").await;
    let keys: BTreeSet<String> = world.arrived().await.iter().map(key).collect();
    assert_eq!((world.arrived().await.len(), keys.len()), (2, 1), "told again, under the same key");
    drop(serve);
    world.folder.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_daemons_tell_each_alert_once_and_what_repeats_as_one() {
    let world = World::listening().await;
    for job in ["a", "b", "c", "d"] {
        world.job(job, &world.notify("on: [failed]"), "select 1 / 0");
    }
    let flapping = format!("notify: {{webhook: \"{}\", on: [failed], fold: 1h}}", world.url());
    world.job("flapping", &flapping, "select 1 / 0");
    let serving = [world.serve("first.log").await, world.serve("second.log").await];
    for job in ["a", "b", "c", "d"] {
        world.trigger(job);
    }
    world.trigger("flapping");
    world.hears("flapping failed", 1).await;
    for _ in 0..3 {
        world.trigger("flapping");
    }
    let recorded =
        "select count(*) from windlass.alert where job = 'flapping' and next_try > now() + interval '50 minutes'";
    eventually("the others wait", async || world.folder.database.value(recorded).await == "3").await;
    world.folder.database.execute("update windlass.alert set settled_at = now() - interval '2 hours'").await;
    world.hurry().await;
    world.hears("2 more of the same", 1).await;
    let counts = "select string_agg(state || ' ' || n, ', ' order by state) from \
                  (select state, count(*) as n from windlass.alert group by state) as counted";
    eventually("all are told", async || world.folder.database.value(counts).await == "delivered 6, folded 2").await;
    assert_eq!(world.arrived().await.len(), 6);
    drop(serving);
    world.folder.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_told_too_and_who_has_an_alert_already_is_not_told_again() {
    let world = World::listening().await;
    let program = "#!/bin/sh\necho \"$WINDLASS_ALERT $1\" >> \"$(dirname \"$0\")/heard\"; cat >> \"$(dirname \"$0\")/json\"\n\
                   test -e \"$(dirname \"$0\")/fine\" || { echo not yet >&2; exit 3; }\n";
    world.folder.write("jobs/tell", program);
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(world.folder.path("jobs/tell"), executable).unwrap();
    let template = r#"{\"who\": \"{{ alert.job }}\", \"said\": \"{{ alert.message }}\"}"#;
    let more = format!(
        "on: [failed], headers: {{x-token: \"{{{{ env.HOOK }}}}\"}}, template: \"{template}\", \
         command: {{program: ./tell, args: [\"{{{{ alert.code }}}}\"]}}"
    );
    let settings = std::fs::read_to_string(world.folder.path("windlass.yaml")).unwrap();
    world.folder.write("windlass.yaml", &format!("{settings}env: [HOOK]\n"));
    world.job("nightly", &world.notify(&more), r#"select 'a\"b'::int"#);
    let mut command = crate::cli::folder::windlass(&["notify", "test", "nightly"]);
    let tried = command.env("HOOK", "h00k-t0ken").current_dir(world.folder.path("")).output().unwrap();
    let tried = crate::cli::folder::Called::of(&tried).ends(1);
    assert!(tried.stdout.contains("webhook answered: 200 OK: ok"), "{}", tried.stdout);
    assert!(tried.stderr.contains("WL0801") && tried.stderr.contains("not yet"), "{}", tried.stderr);

    let serve = world.serve_with("stderr.log", &[("HOOK", "h00k-t0ken")]).await;
    world.trigger("nightly");
    let said = "select coalesce(max(error), '') from windlass.alert";
    eventually("the program failed", async || world.folder.database.value(said).await.contains("exit code 3")).await;
    world.folder.write("jobs/fine", "");
    world.hurry().await;
    world.until_recorded("failed delivered").await;
    let heard = std::fs::read_to_string(world.folder.path("jobs/heard")).unwrap();
    assert_eq!(heard.lines().collect::<Vec<_>>(), ["test ", "failed WL0303", "failed WL0303"]);
    let posted = world.arrived().await;
    assert_eq!(posted.len(), 2, "the test, and the alert once");
    assert_eq!(posted[1].headers["x-token"], "h00k-t0ken");
    let body: serde_json::Value = serde_json::from_slice(&posted[1].body).unwrap();
    assert!(body["said"].as_str().unwrap().contains("a\"b"), "{body}");
    drop(serve);
    world.folder.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_that_nobody_takes_for_days_is_given_up_and_goes_with_its_runs() {
    let world = World::new().await;
    world.answers(ResponseTemplate::new(404), None).await;
    world.job("nightly", &world.notify("on: [failed]"), "select 1 / 0");
    let serve = world.serve("stderr.log").await;
    world.trigger("nightly");
    let said = "select count(*) from windlass.alert where error like '%404%' and claimed_by is null";
    eventually("it was tried", async || world.folder.database.value(said).await == "1").await;
    world.folder.database.execute("update windlass.alert set at = now() - interval '73 hours'").await;
    world.hurry().await;
    world.until_recorded("failed given_up").await;
    serve.says("could not be told for days; given up").await;
    let given_up = world.folder.call(&["alerts", "--state", "given_up"]).ends(0).stdout;
    assert!(given_up.contains("404"), "{given_up}");
    drop(serve);

    let store = Store::new(world.folder.database.server(), Metrics::new("test")).unwrap();
    let pending = "insert into windlass.alert (kind, job, subject, moment, by_settings, at) \
                   values ('failed', 'nightly', 'x', '1', true, now() - interval '73 hours')";
    world.folder.database.execute(pending).await;
    assert_eq!(store.remove_old_alerts(Duration::from_hours(74), 1_000).await.unwrap(), 0);
    assert_eq!(store.remove_old_alerts(Duration::from_hours(72), 1_000).await.unwrap(), 1);
    assert_eq!(world.recorded().await, "failed pending", "what is still to be told stays");
    store.close();
    world.folder.close().await;
}
