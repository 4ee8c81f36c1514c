//! A browser that runs no script: everything can be read, every form works.

use thirtyfour::By;

use super::browser::Browser;
use super::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn without_scripts_pages_are_read_filtered_and_acted_on() {
    let world = World::start().await;
    let Some(browser) = Browser::open_as(&world.address, false).await else { return world.close().await };
    let text = async || browser.driver.find(By::Css("body")).await.unwrap().text().await.unwrap();
    let press = async |selector: &str| browser.driver.find(By::Css(selector)).await.unwrap().click().await.unwrap();
    browser.go("/").await;
    browser.find("#q").await.send_keys("staging").await.unwrap();
    press("form.filters button").await;
    assert!(text().await.contains("1 of 8 jobs"), "{}", text().await);
    press(".jobs .job a").await;
    assert_eq!(browser.place().await, "/jobs/orders-staging");
    press(".head .acts button").await;
    assert!(text().await.contains("A run of orders-staging is queued."), "{}", text().await);
    browser.go("/jobs/orders-staging").await;
    press("form.view option[value=utc]").await;
    press("form.view button").await;
    assert_eq!(browser.place().await, "/jobs/orders-staging");
    assert!(text().await.contains("every 15 minutes"));
    browser.driver.clone().quit().await.unwrap();
    world.close().await;
}
