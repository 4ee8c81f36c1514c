//! How quick the first page is with a thousand jobs and many runs: `scripts/bench-ui`.

use std::time::{Duration, Instant};

use super::browser::Browser;
use super::world::World;
use crate::support::flags;

/// Loads of each page.
const LOADS: usize = 15;

/// What a browser says of a load, in milliseconds: first byte, first paint, the paint of the largest thing, all of it; and
/// bytes of the page as sent.
const TIMES: &str = "const load = performance.getEntriesByType('navigation')[0]; \
                     const paint = performance.getEntriesByName('first-contentful-paint')[0]; \
                     return new Promise((done) => new PerformanceObserver((list) => { \
                         const largest = list.getEntries().at(-1).startTime; \
                         done([load.responseStart, paint ? paint.startTime : 0, largest, load.loadEventEnd, load.transferSize, load.decodedBodySize]); \
                     }).observe({type: 'largest-contentful-paint', buffered: true}))";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures; scripts/bench-ui calls it"]
async fn the_first_page_with_a_thousand_jobs() {
    let world = World::start().await;
    let Some(browser) = Browser::open(&world.address).await else { return world.close().await };
    let runs = u32::try_from(flags::number("WINDLASS_BENCH_RUNS", 1000)).unwrap();
    super::many::fill(&world, runs).await;
    flags::note(&format!("1000 jobs, {runs} runs of each; milliseconds, median of {LOADS} loads"));
    for page in ["/", "/?state=failing", "/?q=load-07", "/?sort=state", "/jobs/load-0042", "/locks", "/daemons"] {
        let mut loads = Vec::new();
        for _ in 0..LOADS {
            browser.go(page).await;
            browser.run("return document.readyState").await;
            // The end of a load is written down after its event.
            tokio::time::sleep(Duration::from_millis(50)).await;
            let times = browser.run(TIMES).await;
            loads.push([0, 1, 2, 3, 4, 5].map(|at: usize| times[at].as_f64().unwrap()));
        }
        let median = |at: usize| {
            let mut values: Vec<f64> = loads.iter().map(|load| load[at]).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        flags::note(&format!(
            "{page}: first byte {:.0}, first paint {:.0}, largest paint {:.0}, loaded {:.0}; {:.0} kB sent, {:.0} kB of markup",
            median(0),
            median(1),
            median(2),
            median(3),
            median(4) / 1000.0,
            median(5) / 1000.0
        ));
    }
    requests(&world).await;
    browser.close().await;
    world.close().await;
}

/// How many times a second the first page is made for several readers at once.
async fn requests(world: &World) {
    let (client, url) = (reqwest::Client::new(), format!("http://{}/", world.address));
    let started = Instant::now();
    let readers = (0..4).map(async |_| {
        let mut took = Vec::new();
        while started.elapsed() < Duration::from_secs(10) {
            let begun = Instant::now();
            client.get(&url).send().await.unwrap().error_for_status().unwrap().bytes().await.unwrap();
            took.push(begun.elapsed());
        }
        took
    });
    let mut took: Vec<Duration> = futures_util::future::join_all(readers).await.concat();
    took.sort_unstable();
    flags::note(&format!(
        "{} requests a second by 4 readers at once, p50 {:?}, p99 {:?}",
        took.len() / 10,
        took[took.len() / 2],
        took[took.len() * 99 / 100]
    ));
}
