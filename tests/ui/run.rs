//! The page of a run: what failed is read there, tried again from there, and watched to its end.

use super::browser::Browser;
use super::world::World;
use crate::support::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_run_is_found_read_retried_from_the_failed_step_and_watched_to_success() {
    let world = World::start().await;
    let Some(browser) = Browser::open(&world.address).await else { return world.close().await };
    let id = world.run("orders-staging", &[], "failed").await;
    browser.go("/").await;
    browser.shows("Needs attention").await;
    browser.press("#attention", "Look").await;
    assert_eq!(browser.place().await, format!("/runs/{id}"));
    for said in [
        "Step stage failed, attempt 1, target side",
        "relation \"shop.orders_of_today\" does not exist",
        "SQLSTATE 42P01",
        "from shop.orders_of_today\n     ^",
        "The step was tried once; what it had begun was undone.",
    ] {
        browser.shows(said).await;
    }
    let sent = browser.run("return document.querySelector('#step-stage .sent').textContent").await;
    assert!(sent.as_str().unwrap().starts_with("select order_id, customer, amount\nfrom shop"), "{sent}");
    assert!(browser.text().await.contains("looking at the source"), "the log is there");

    world
        .folder
        .database
        .execute("create schema shop; create table shop.orders_of_today (order_id int, customer text, amount int)")
        .await;
    // The state of the run is told by the stream: the page is not loaded again after this.
    browser.press(".alarm", "Retry from stage").await;
    browser.shows("The run is queued again, from step stage.").await;
    browser.run("window.stays = true").await;
    let head = "return document.querySelector('h1').innerText";
    eventually("it has succeeded", async || browser.run(head).await.as_str().unwrap().contains("succeeded")).await;
    assert_eq!(browser.run("return window.stays").await, true);
    let attempts = browser.run("return document.querySelectorAll('#step-stage tbody tr').length").await;
    assert_eq!(attempts, 2, "its earlier attempt is still told");

    // What an attempt that went well has sent is fetched when somebody wants to see it, and stays.
    browser.run("document.querySelector('#step-stage').open = true").await;
    browser.find("#step-stage [id^=sent-] summary").await.click().await.unwrap();
    let sent = "return document.querySelector('#step-stage [id^=sent-] .sent')?.textContent ?? ''";
    eventually("it is fetched", async || {
        browser.run(sent).await.as_str().unwrap().starts_with("select order_id, customer, amount\nfrom shop")
    })
    .await;
    browser.close().await;
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_grows_while_it_is_read_and_stays_put_for_who_has_scrolled_up() {
    let world = World::start().await;
    world.folder.write(
        "jobs/talk.yaml",
        "job: talk\nsteps:\n  - id: talk\n    command: {program: sh, args: [\"-c\", \"n=0; while [ ! -e stop ]; do n=$((n+1)); echo line $n; sleep 0.05; done\"]}\n",
    );
    eventually("the job is there", async || world.folder.call(&["jobs"]).ends(0).stdout.contains("talk")).await;
    let Some(browser) = Browser::open(&world.address).await else { return world.close().await };
    let id = world.run("talk", &[], "running").await;
    browser.go(&format!("/runs/{id}")).await;
    browser.shows("line 60").await;
    let from_end =
        "const log = document.querySelector('.log'); return log.scrollHeight - log.scrollTop - log.clientHeight";
    eventually("its end is shown", async || browser.run(from_end).await.as_f64().unwrap() < 8.0).await;
    browser.run("document.querySelector('.log').scrollTop = 40").await;
    browser.shows("line 100").await;
    assert_eq!(browser.run("return document.querySelector('.log').scrollTop").await, 40);

    // Only what is asked for.
    browser.find("input[name=find]").await.send_keys("line 7").await.unwrap();
    browser.press("#log", "Show").await;
    browser.shows("line 70").await;
    assert!(!browser.text().await.contains("line 60"));
    assert!(browser.place().await.ends_with("&find=line+7#log"), "{}", browser.place().await);

    browser.go(&format!("/runs/{id}")).await;
    browser.press(".head", "Cancel").await;
    browser.shows("stops step talk: asks its process group to end, then kills it").await;
    browser.press("form", "Cancel the run").await;
    browser.shows("Retry from talk").await;
    let head = browser.run("return document.querySelector('h1').innerText").await;
    assert!(head.as_str().unwrap().contains("cancelled"), "{head}");
    browser.close().await;
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_waits_names_the_lock_and_its_holder() {
    let world = World::start().await;
    let Some(browser) = Browser::open(&world.address).await else { return world.close().await };
    let holder = world.run("advertising-report", &["account=a"], "running").await;
    let waiter = world.run("advertising-report", &["account=a"], "waiting").await;
    browser.go(&format!("/runs/{waiter}")).await;
    browser.shows(&format!("behind run {holder} of advertising-report")).await;
    browser.press(".head", "Cancel").await;
    browser.shows("takes it out of the queue; nothing is running").await;
    browser.press("form", "Let it go on").await;
    assert_eq!(browser.place().await, format!("/runs/{waiter}"));
    browser.close().await;
    world.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_forty_steps_the_one_that_failed_is_seen_and_each_other_is_a_click_away() {
    let world = World::start().await;
    let step = |at: u32| {
        let program = if at == 34 { "'false'" } else { "'true'" };
        format!("  - {{id: part_{at:02}, command: {{program: {program}}}}}\n")
    };
    let steps: String = (1..=40).map(step).collect();
    world.folder.write("jobs/forty.yaml", &format!("job: forty\nsteps:\n{steps}"));
    eventually("the job is there", async || world.folder.call(&["jobs"]).ends(0).stdout.contains("forty")).await;
    let Some(browser) = Browser::open(&world.address).await else { return world.close().await };
    let id = world.run("forty", &[], "failed").await;
    browser.go(&format!("/runs/{id}")).await;
    browser.shows("Step part_34 failed, attempt 1").await;
    let seen = "return [...document.querySelectorAll('.step')].filter((one) => one.checkVisibility()).map((one) => one.id).join(' ')";
    assert_eq!(browser.run(seen).await, "step-part_34");
    browser.shows("33 steps").await;
    browser.press(".timeline", "part_05").await;
    eventually("its step is shown", async || browser.run(seen).await.as_str().unwrap().contains("step-part_05")).await;
    browser.close().await;
    world.close().await;
}
