//! What people do on pages: run with parameters, pause and resume, run what the past left out.

use super::browser::Browser;
use super::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_run_is_found_on_the_first_page_with_the_servers_words_and_the_page_of_its_code() {
    let world = World::start().await;
    let Some(browser) = Browser::open(&world.address).await else { return world.close().await };
    browser.go("/").await;
    assert!(!browser.text().await.contains("Needs attention"));
    world.run("orders-staging", &[], "failed").await;
    // It comes by itself.
    browser.shows("Needs attention").await;
    browser.shows("relation \"shop.orders_of_today\" does not exist").await;
    browser.press("#attention", "WL0301").await;
    browser.shows("What to do").await;
    assert_eq!(browser.place().await, "/errors/WL0301");
    browser.close().await;
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_run_with_parameters() {
    let world = World::start().await;
    let Some(browser) = Browser::open(&world.address).await else { return world.close().await };
    browser.go("/jobs/nasdaq-daily").await;
    let market = browser.find("#run-market").await;
    assert_eq!(market.value().await.unwrap().as_deref(), Some("nasdaq"));
    market.clear().await.unwrap();
    market.send_keys("코스피").await.unwrap();
    browser.press("#run", "Run").await;
    browser.shows("A run of nasdaq-daily is queued.").await;
    let id = browser.place().await.rsplit('/').next().unwrap().to_owned();
    crate::support::eventually("the run has ended", async || world.state(&id) == "succeeded").await;
    browser.go("/jobs/nasdaq-daily").await;
    browser.shows("market=코스피").await;
    assert!(!browser.text().await.contains("is queued"), "it is said once");

    // A parameter without a default must be there: the browser asks for it, and so does the server.
    browser.go("/jobs/advertising-report").await;
    browser
        .run("document.querySelector('#run form').noValidate = true; document.querySelector('#run-account').remove()")
        .await;
    browser.press("#run", "Run").await;
    browser.shows("needs parameter `account`").await;
    browser.close().await;
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_paused_with_a_note_that_others_see_and_resumed() {
    let world = World::start().await;
    let Some(browser) = Browser::open(&world.address).await else { return world.close().await };
    browser.go("/jobs/month-end-close").await;
    browser.find("#note").await.send_keys("until the books are found").await.unwrap();
    browser.press("#pause", "Pause").await;
    browser.shows("month-end-close is paused.").await;
    browser.go("/").await;
    browser.shows("until the books are found").await;
    browser.press(".jobs", "Resume").await;
    browser.shows("month-end-close runs on its schedule again.").await;
    assert!(!browser.text().await.contains("until the books are found"));
    browser.close().await;
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_past_left_out_is_shown_before_it_is_queued() {
    let world = World::start().await;
    let Some(browser) = Browser::open(&world.address).await else { return world.close().await };
    browser.go("/jobs/nasdaq-daily").await;
    browser
        .run(
            "document.querySelector('#from').value = '2026-11-16T00:00'; document.querySelector('#to').value = '2026-11-18T12:00'",
        )
        .await;
    browser.press("#backfill", "Show").await;
    browser.shows("3 runs of nasdaq-daily will be queued, one after the other").await;
    browser.shows("2026-11-16 06:30:00 -05:00").await;
    browser.press(".confirm", "Queue 3 runs").await;
    browser.shows("3 runs are queued.").await;
    browser.shows("backfill").await;
    browser.close().await;
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_goes_back_to_an_earlier_generation_once_it_is_said_what_happens() {
    let world = World::start().await;
    let Some(browser) = Browser::open(&world.address).await else { return world.close().await };
    world.run("market-replica", &[], "succeeded").await;
    world.run("market-replica", &[], "succeeded").await;
    browser.go("/replicas").await;
    browser.press("main", "Go back").await;
    browser.shows("Generation 2 of 4\u{202f}300 rows is not the replica any more; it is kept").await;
    browser.press(".confirm", "Go back to generation 1").await;
    browser.shows("is generation 1 again.").await;
    browser.close().await;
    world.close().await;
}
