//! A browser that runs no script: everything can be read, every form works.

use thirtyfour::By;

use super::browser::Browser;
use super::world::World;
use crate::support::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn without_scripts_pages_are_read_filtered_and_acted_on() {
    let world = World::start().await;
    let Some(browser) = Browser::open_as(&world.address, false).await else { return world.close().await };
    let shows = async |text: &str| {
        eventually(text, async || match browser.driver.find(By::Css("body")).await {
            // Between two pages there is none, or one that goes.
            Ok(body) => body.text().await.is_ok_and(|shown| shown.contains(text)),
            Err(_) => false,
        })
        .await;
    };
    let press = async |selector: &str| browser.find(selector).await.click().await.unwrap();
    browser.go("/").await;
    browser.find("#q").await.send_keys("staging").await.unwrap();
    press("form.filters button").await;
    shows("1 of 8 jobs").await;
    press(".jobs .job a").await;
    shows("Next due times").await;
    assert_eq!(browser.place().await, "/jobs/orders-staging");
    press(".head .acts button").await;
    shows("A run of orders-staging is queued.").await;
    browser.go("/jobs/orders-staging").await;
    press("form.view option[value=utc]").await;
    press("form.view button").await;
    shows("every 15 minutes").await;
    assert_eq!(browser.place().await, "/jobs/orders-staging");
    browser.driver.clone().quit().await.unwrap();
    world.close().await;
}
