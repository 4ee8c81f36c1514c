//! A thousand jobs with many runs: the first page stays quick, and asks the state database no question for each job.

use super::browser::Browser;
use super::world::World;

/// Moves the pointer to the newest bar of the first strip: how many runs it knows, what it says, which the newest is.
const POINT: &str = "const strip = document.querySelector('.jobs tbody .strip'), edge = strip.getBoundingClientRect(); \
                     strip.dispatchEvent(new PointerEvent('pointermove', {bubbles: true, clientX: edge.right - 4, clientY: edge.top + 9})); \
                     const runs = strip.dataset.runs.split(';').filter(Boolean); \
                     return [runs.length, strip.title, runs.at(-1).split(' ')[0]]";

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
    assert_eq!(browser.run("return document.querySelectorAll('.jobs tbody tr').length").await, 25);
    browser.press(".pages", "after").await;
    browser.shows("page 2 of 41").await;
    browser.find("#q").await.send_keys("load-0777").await.unwrap();
    browser.shows("1 of 1\u{202f}008 jobs").await;
    // A strip is drawn as one; the bar under the pointer says what it is and leads to its run.
    let bar = browser.run(POINT).await;
    assert_eq!(bar[0], 30);
    assert!(
        bar[1].as_str().unwrap().starts_with("succeeded · ") && bar[1].as_str().unwrap().contains(" s · "),
        "{bar}"
    );
    browser.run("document.querySelector('.jobs .strip').click()").await;
    browser.shows("Timeline").await;
    assert_eq!(format!("/runs/{}", bar[2].as_str().unwrap()), browser.place().await);
    browser.close().await;
    world.close().await;
}
