//! Pages that change by themselves, and what must not change with them.

use super::browser::Browser;
use super::world::World;
use crate::support::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn what_a_reader_opened_and_typed_stays_while_the_page_changes() {
    let world = World::start().await;
    let Some(browser) = Browser::open(&world.address).await else { return world.close().await };
    browser.go("/jobs/nasdaq-daily").await;
    browser.find("#note").await.send_keys("half a sen").await.unwrap();
    browser
        .run("document.querySelector('.source').scrollIntoView(); window.stays = document.querySelector('#runs-title')")
        .await;
    let before = browser.run("return scrollY").await;
    world.run("nasdaq-daily", &[], "succeeded").await;
    browser.shows("succeeded").await;
    let typed = browser.run("return [document.activeElement.id, document.querySelector('#note').value]").await;
    assert_eq!(typed, serde_json::json!(["note", "half a sen"]));
    assert_eq!(
        browser.run("return window.stays === document.querySelector('#runs-title')").await,
        true,
        "morphed, not replaced"
    );
    assert!(before.as_f64().unwrap() > 0.0);
    browser.close().await;
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_before_the_page_is_live_is_heard() {
    let world = World::start().await;
    let Some(browser) = Browser::open(&world.address).await else { return world.close().await };
    let typed = "addEventListener('DOMContentLoaded', () => { document.querySelector('#q').value = 'nasdaq'; })";
    browser.at_load(typed).await;
    browser.go("/").await;
    browser.shows("1 of 8 jobs").await;
    browser.close().await;
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_in_the_background_holds_no_stream_and_a_filter_leaves_none_behind() {
    let world = World::start().await;
    let Some(browser) = Browser::open(&world.address).await else { return world.close().await };
    browser.go("/").await;
    let live = "return 'htmx' in window && !document.body.hasAttribute('hx-disable')";
    eventually("the page is live", async || browser.run(live).await == true).await;
    // Sources that the page has open.
    browser
        .run(
            "window.open = []; const make = htmx.createEventSource; \
             htmx.createEventSource = (url) => { const source = make(url); window.open.push(source); return source; }",
        )
        .await;
    let open = async || browser.run("return window.open.filter((one) => one.readyState === 1).length").await;
    for letter in ["n", "a", "s"] {
        browser.find("#q").await.send_keys(letter).await.unwrap();
        eventually("the filter has answered", async || open().await == 1).await;
    }
    browser.shows("1 of 8 jobs").await;
    let hide = |hidden: bool| {
        format!(
            "Object.defineProperty(document, 'hidden', {{value: {hidden}, configurable: true}}); \
             document.dispatchEvent(new Event('visibilitychange'))"
        )
    };
    browser.run(&hide(true)).await;
    eventually("nothing is open", async || open().await == 0).await;
    browser.run(&hide(false)).await;
    eventually("it looks again", async || open().await == 1).await;
    world.run("nasdaq-daily", &[], "succeeded").await;
    browser.shows("succeeded").await;
    browser.close().await;
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn times_are_in_the_chosen_zone_and_colours_as_chosen() {
    let world = World::start().await;
    let Some(browser) = Browser::open(&world.address).await else { return world.close().await };
    browser.go("/jobs/orders-staging").await;
    world.run("orders-staging", &[], "failed").await;
    browser.shows("failed").await;
    for (zone, ending) in [("utc", "UTC"), ("job", "+09:00")] {
        browser.run(&format!("const zone = document.querySelector('#zone'); zone.value = '{zone}'; zone.dispatchEvent(new Event('change', {{bubbles: true}}))")).await;
        eventually(zone, async || {
            let title = browser.run("return document.querySelector('td time.at')?.title ?? ''").await;
            title.as_str().unwrap().ends_with(ending)
        })
        .await;
    }
    browser.run("const theme = document.querySelector('#theme'); theme.value = 'dark'; theme.dispatchEvent(new Event('change', {bubbles: true}))").await;
    let ground = "return getComputedStyle(document.body).backgroundColor";
    eventually("it is dark", async || browser.run(ground).await == "rgb(20, 23, 26)").await;
    assert_eq!(browser.place().await, "/jobs/orders-staging");
    browser.close().await;
    world.close().await;
}
