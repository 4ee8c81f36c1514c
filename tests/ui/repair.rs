//! Somebody is woken by a failed run: found, read, mended, retried, watched to its end; or a run is stopped.

use super::browser::Browser;
use super::world::World;
use crate::support::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_run_is_found_read_retried_from_its_step_and_watched_to_success() {
    let world = World::start().await;
    let Some(browser) = Browser::open(&world.address).await else { return world.close().await };
    let id = world.run("orders-staging", &[], "failed").await;
    browser.go("/").await;
    browser.press("#attention", "Look").await;
    browser.shows("relation \"shop.orders_of_today\" does not exist").await;
    assert_eq!(browser.place().await, format!("/runs/{id}"));
    for words in ["Step stage failed, attempt 1, target side", "42P01", "looking at the source"] {
        browser.shows(words).await;
    }

    let mended = "create schema shop; create table shop.orders_of_today (order_id int, customer text, amount int)";
    world.folder.database.execute(mended).await;
    browser.press("main", "Retry from stage").await;
    // Not loaded anew: it comes by itself.
    eventually("the page says that it succeeded", async || {
        browser.run("return document.querySelector('h1').innerText").await.as_str().unwrap().contains("succeeded")
    })
    .await;
    assert!(browser.place().await.starts_with(&format!("/runs/{id}")));
    let run = world.folder.call(&["show", &id, "--json"]).ends(0).json();
    let attempts = |step: usize| run["steps"][step]["attempts"].as_array().unwrap().len();
    assert_eq!([attempts(0), attempts(1), attempts(2)], [1, 2, 1], "what was done is not done again");
    browser.go("/").await;
    assert!(!browser.text().await.contains("Needs attention"));
    browser.close().await;
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_cancelled_once_it_is_said_what_that_does() {
    let world = World::start().await;
    let Some(browser) = Browser::open(&world.address).await else { return world.close().await };
    let id = world.run("advertising-report", &["account=a"], "running").await;
    browser.go(&format!("/runs/{id}")).await;
    browser.press("main", "Cancel").await;
    browser.shows("frees lock naver-api/a once the work has stopped").await;
    assert_eq!(world.state(&id), "running", "nothing is done before it is said");
    browser.press("main form", "Cancel").await;
    eventually("it is cancelled", async || world.state(&id) == "cancelled").await;
    eventually("the page says so", async || browser.text().await.contains("cancelled")).await;
    browser.close().await;
    world.close().await;
}
