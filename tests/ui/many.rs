//! A thousand jobs with many runs: the first page stays quick, and asks the state database no question for each job.

use super::browser::Browser;
use super::world::World;

/// Puts a thousand jobs with so many runs each into the state database.
pub(super) async fn fill(world: &World, runs: u32) {
    let sql = include_str!("many.sql").replace(":runs", &runs.to_string());
    world.folder.database.execute(&sql).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_jobs_are_filtered_and_paged() {
    let world = World::start().await;
    let Some(browser) = Browser::open(&world.address).await else { return world.close().await };
    fill(&world, 40).await;
    browser.go("/").await;
    browser.shows("1\u{202f}008 jobs").await;
    assert_eq!(browser.run("return document.querySelectorAll('.jobs tbody tr').length").await, 50);
    browser.press(".pages", "after").await;
    browser.shows("page 2 of 21").await;
    browser.find("#q").await.send_keys("load-0777").await.unwrap();
    browser.shows("1 of 1\u{202f}008 jobs").await;
    let bars = browser.run("return document.querySelectorAll('.jobs tbody .strip a').length").await;
    assert_eq!(bars, 30);
    browser.close().await;
    world.close().await;
}
