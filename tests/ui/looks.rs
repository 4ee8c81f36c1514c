//! Each page in light and dark, wide and narrow: nothing sticks out, nothing complains, nothing keeps anybody out.

use serde_json::Value;

use super::browser::Browser;
use super::world::{LONG_NAME, World};
use crate::support::{flags, skipped};

/// All pages of a daemon with jobs.
fn pages() -> Vec<String> {
    let pages = [
        "/",
        "/?state=failing&sort=last",
        "/?q=nothing+like+this",
        "/jobs/nasdaq-daily",
        "/jobs/orders-staging",
        "/jobs/verbose-failure",
        "/jobs/month-end-close",
        "/jobs/catalogue-sync",
        "/jobs/advertising-report",
        "/jobs/nasdaq-daily/backfill?from=2026-01-01T00:00&to=2026-02-01T00:00",
        "/locks",
        "/replicas",
        "/connections",
        "/daemons",
        "/errors",
        "/errors/WL0411",
        "/nothing/here",
        "/jobs/nobody",
    ];
    let long = format!("/jobs/{LONG_NAME}");
    pages.into_iter().map(str::to_owned).chain([long]).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_fits_and_lets_everybody_in() {
    let world = World::start().await;
    let Some(browser) = Browser::open(&world.address).await else { return world.close().await };
    let runs = world.busy().await.into_iter().map(|(_, id)| format!("/runs/{id}"));
    let axe = axe();
    for page in pages().into_iter().chain(runs) {
        browser.go(&page).await;
        for (width, dark) in [(1440, false), (390, true), (1440, true), (390, false)] {
            browser.look(width, dark).await;
            let seen = format!("{page} at {width}, {}", if dark { "dark" } else { "light" });
            let wide = browser.run("return document.documentElement.scrollWidth - innerWidth").await;
            assert!(wide.as_i64().unwrap() <= 0, "{seen}: sticks out by {wide}");
            let found = match &axe {
                Some(axe) => serious(&browser, axe).await,
                None => vec![],
            };
            assert!(found.is_empty(), "{seen}: {}", found.join("\n"));
        }
        // A page that isn't there says so with its status, which the console repeats.
        browser
            .run("sessionStorage.setItem('wrong', (sessionStorage.getItem('wrong') ?? '').replace(/.*404.*\\n/g, ''))")
            .await;
    }
    browser.close().await;
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_is_yet_the_pages_say_what_to_do() {
    let world = World::empty().await;
    let Some(browser) = Browser::open(&world.address).await else { return world.close().await };
    for (page, says) in [
        ("/", "No jobs are loaded yet."),
        ("/locks", "No lock is held or waited for."),
        ("/replicas", "No job publishes a replica."),
        ("/daemons", "holds its lease"),
        ("/connections", "What is well"),
    ] {
        browser.go(page).await;
        assert!(browser.text().await.contains(says), "{page}: {}", browser.text().await);
    }
    browser.close().await;
    world.close().await;
}

/// The accessibility checker's script, where there is one.
fn axe() -> Option<String> {
    let path = flags::list("WINDLASS_TEST_AXE").pop();
    let axe = path.and_then(|path| std::fs::read_to_string(path).ok());
    if axe.is_none() {
        skipped("accessibility was not checked: axe-core (npm) is not named by WINDLASS_TEST_AXE");
    }
    axe
}

/// What keeps somebody from using the page, in words.
async fn serious(browser: &Browser, axe: &str) -> Vec<String> {
    let script = "const done = arguments[arguments.length - 1]; \
                  axe.run(document, {resultTypes: ['violations']}).then((found) => done(found.violations), (error) => done(String(error)))";
    browser.driver.execute(axe, vec![]).await.unwrap();
    let found = browser.driver.execute_async(script, vec![]).await.unwrap().json().clone();
    let found = found.as_array().unwrap_or_else(|| panic!("{found}"));
    let serious = found.iter().filter(|one| matches!(one["impact"].as_str(), Some("serious" | "critical")));
    let words = |one: &Value| {
        let nodes = one["nodes"].as_array().unwrap().iter().take(3);
        let nodes: Vec<String> = nodes.map(|node| format!("{} ({})", node["html"], node["failureSummary"])).collect();
        format!("{}: {}\n  {}", one["id"], one["help"], nodes.join("\n  "))
    };
    serious.map(words).collect()
}
