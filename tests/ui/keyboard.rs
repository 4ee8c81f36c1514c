//! Everything by keyboard alone.

use thirtyfour::Key;
use thirtyfour::WebElement;

use super::browser::Browser;
use super::world::World;

/// What has the focus, and its text.
async fn focused(browser: &Browser) -> (WebElement, String) {
    let element = browser.driver.active_element().await.unwrap();
    let text = element.text().await.unwrap();
    (element, text)
}

/// Goes on with the tabulator until something with this text has the focus.
async fn tab_to(browser: &Browser, text: &str) -> WebElement {
    for _ in 0..60 {
        let (element, has) = focused(browser).await;
        if has.starts_with(text) {
            let ring = browser.run("return getComputedStyle(document.activeElement).outlineStyle").await;
            assert_eq!(ring, "solid", "the focus on `{text}` can be seen");
            return element;
        }
        element.send_keys(Key::Tab + "").await.unwrap();
    }
    panic!("the tabulator never came to `{text}`");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_found_and_run_by_keyboard() {
    let world = World::start().await;
    let Some(browser) = Browser::open(&world.address).await else { return world.close().await };
    browser.go("/").await;
    tab_to(&browser, "Skip to the content").await.send_keys(Key::Enter + "").await.unwrap();
    assert_eq!(browser.run("return document.activeElement.id").await, "content");

    let (body, _) = focused(&browser).await;
    body.send_keys("/").await.unwrap();
    assert_eq!(browser.run("return document.activeElement.id").await, "q");
    let (filter, _) = focused(&browser).await;
    filter.send_keys("주문").await.unwrap();
    browser.shows("1 of 8 jobs").await;
    assert_eq!(browser.place().await, "/?q=%EC%A3%BC%EB%AC%B8&state=&kind=");
    assert_eq!(browser.run("return document.activeElement.id").await, "q", "who types goes on typing");

    tab_to(&browser, super::world::LONG_NAME).await.send_keys(Key::Enter + "").await.unwrap();
    browser.shows("It has never run.").await;
    tab_to(&browser, "Run").await.send_keys(Key::Enter + "").await.unwrap();
    browser.shows("is queued.").await;
    browser.close().await;
    world.close().await;
}
