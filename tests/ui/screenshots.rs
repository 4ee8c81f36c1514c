//! Pictures of each page for the documentation: `scripts/screenshots`.

use std::path::Path;

use super::browser::Browser;
use super::world::{LONG_NAME, World};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "makes pictures; scripts/screenshots calls it"]
async fn pictures_of_each_page() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/screenshots");
    std::fs::create_dir_all(&folder).unwrap();
    let world = World::start().await;
    let Some(browser) = Browser::open(&world.address).await else { return world.close().await };
    let runs = world.busy().await;
    // Last: jobs without a file are retired when files change.
    super::many::fill(&world, 60).await;
    let korean = format!("/jobs/{LONG_NAME}");
    let run = |name: &str| runs.iter().find(|(kind, _)| *kind == name).map(|(_, id)| format!("/runs/{id}")).unwrap();
    let (failed, succeeded) = (run("failed"), run("succeeded"));
    let (verbose, waiting) = (run("verbose"), run("waiting"));
    let pages = [
        ("jobs", "/?sort=state", 1440),
        ("job", "/jobs/load-0042", 1440),
        ("job-korean-narrow", &korean, 390),
        ("jobs-narrow", "/?state=failing", 390),
        ("run", &failed, 1440),
        ("run-succeeded", &succeeded, 1440),
        ("run-narrow", &verbose, 390),
        ("run-waiting-narrow", &waiting, 390),
        ("connections", "/connections", 1440),
        ("locks", "/locks", 1440),
        ("replicas", "/replicas", 1440),
        ("daemons", "/daemons", 1440),
        ("error", "/errors/WL0411", 1440),
    ];
    for (name, page, width) in pages {
        for dark in [false, true] {
            browser.look(width, dark).await;
            browser.go(page).await;
            // Fonts and the first message of the stream.
            browser.run("return document.fonts.ready.then(() => true)").await;
            let theme = if dark { "dark" } else { "light" };
            std::fs::write(folder.join(format!("{name}-{theme}.png")), browser.picture().await).unwrap();
        }
    }
    browser.close().await;
    world.close().await;
}
