//! The dashboard is what Grafana takes, and every question that it asks is asked of a real Prometheus and has an answer.

use std::path::PathBuf;
use std::process::Command;

use nix::sys::signal::Signal;
use serde_json::Value;

use super::world::World;
use super::{path, text, yaml};
use crate::support::{eventually, flags, skipped};

/// Panels that are empty where nothing is wrong.
const EMPTY_WHEN_WELL: &[&str] = &["Alerts"];

/// The title of each panel with each of its questions.
fn questions() -> Vec<(String, String)> {
    let dashboard: Value = serde_json::from_str(&text("deploy/grafana/windlass.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter().filter(|panel| panel["type"] != "row");
    let mut questions = Vec::new();
    for panel in panels {
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty(), "{panel}");
        for target in targets {
            questions.push((panel["title"].as_str().unwrap().to_owned(), target["expr"].as_str().unwrap().to_owned()));
        }
    }
    questions
}

#[test]
fn panels_have_numbers_of_their_own_and_do_not_lie_over_each_other() {
    let dashboard: Value = serde_json::from_str(&text("deploy/grafana/windlass.json")).unwrap();
    let mut seen = std::collections::BTreeSet::new();
    let mut taken = std::collections::BTreeMap::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(seen.insert(panel["id"].as_u64().unwrap()), "{panel}");
        let place = |key: &str| panel["gridPos"][key].as_u64().unwrap();
        assert!(place("x") + place("w") <= 24, "{panel}");
        for row in place("y")..place("y") + place("h") {
            for column in place("x")..place("x") + place("w") {
                let other = taken.insert((row, column), panel["title"].clone());
                assert!(other.is_none(), "{} lies over {}", panel["title"], other.unwrap());
            }
        }
    }
}

#[test]
fn the_dashboard_is_of_the_type_that_grafana_has_for_it() {
    let Some(packages) = flags::list("WINDLASS_TEST_GRAFANA").pop().map(PathBuf::from) else {
        return skipped("WINDLASS_TEST_GRAFANA does not name a folder with @grafana/schema and typescript");
    };
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(packages.join("node_modules"), folder.path().join("node_modules")).unwrap();
    std::fs::copy(path("tests/deploy/dashboard.ts"), folder.path().join("dashboard.ts")).unwrap();
    let dashboard = text("deploy/grafana/windlass.json");
    let fits = |dashboard: &str| {
        let typed = format!(
            "import type {{ Dashboard }} from './dashboard';\nexport const dashboard: Dashboard = {dashboard};\n"
        );
        std::fs::write(folder.path().join("check.ts"), typed).unwrap();
        let mut compiler = Command::new("node");
        compiler.arg("node_modules/typescript/bin/tsc").args(["--noEmit", "--strict", "--skipLibCheck", "--target"]);
        compiler.args(["es2022", "--module", "esnext", "--moduleResolution", "bundler", "check.ts"]);
        let output = compiler.current_dir(folder.path()).output().unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    };
    let (fine, said) = fits(&dashboard);
    assert!(fine, "{said}");
    let (fine, said) = fits(&dashboard.replacen("\"drawStyle\": \"bars\"", "\"drawStyle\": \"bar\"", 1));
    assert!(!fine && said.contains("bars"), "a wrong word passed: {said}");
}

#[test]
fn the_types_are_of_the_version_that_is_started() {
    let compose = yaml("deploy/compose/compose.yaml");
    let (_, version) = compose["services"]["grafana"]["image"].as_str().unwrap().split_once(':').unwrap();
    assert!(text("scripts/test").contains(&format!("@grafana/schema@{version} ")), "{version}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_panel_has_an_answer() {
    let Some(world) = World::new().await else { return };
    let serve = world.serve("one.log").await;
    for (job, end) in
        [("copy", "succeeded"), ("totals", "succeeded"), ("replica", "succeeded"), ("holder", "succeeded")]
    {
        world.run(job, end).await;
    }
    world.run("flaky", "succeeded").await;
    world.folder.database.execute("drop table thing").await;
    world.run("flaky", "failed").await;
    // Locks are shown while they are held.
    world.folder.database.execute("insert into gate values (1)").await;
    let holder = world.trigger("holder");
    for (title, question) in questions() {
        let question = question.replace("$job", ".*").replace("$__rate_interval", "5s").replace("$__range", "1h");
        assert!(!question.contains('$'), "{title}: {question}");
        eventually(&format!("{title}: {question}"), async || {
            let Some(answer) = world.prometheus.answer(&question).await else { return false };
            assert_eq!(answer["status"], "success", "{title}: {question}: {answer}");
            EMPTY_WHEN_WELL.contains(&title.as_str()) || answer.pointer("/data/result/0").is_some()
        })
        .await;
    }
    world.folder.database.execute("delete from gate").await;
    world.comes_to(&holder, "succeeded").await;
    serve.signal(Signal::SIGTERM);
    serve.end().await.ends(0);
    world.close().await;
}
