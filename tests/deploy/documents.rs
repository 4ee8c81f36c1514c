//! Jobs that pages show are right as they stand.

use windlass::settings::{Settings, Surroundings};
use windlass::spec;

use super::{path, text};

#[test]
fn every_job_that_a_page_of_operations_shows_passes_the_check() {
    let surroundings = Surroundings { folder: path("jobs"), ..Surroundings::default() };
    let settings = Settings::load(Some(&path("jobs/windlass.yaml")), &surroundings);
    let settings = settings.unwrap_or_else(|wrong| panic!("{}", spec::print(&wrong, false)));
    let known = settings.known("2026-11-20T06:00:00Z".parse().unwrap());
    let mut jobs = 0;
    for page in ["docs/MIGRATING.md", "docs/OPERATIONS.md", "docs/SCALING.md"] {
        let text = text(page);
        let blocks = text.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
        for block in blocks.filter(|block| block.starts_with("job: ")) {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("job.yaml"), block).unwrap();
            for (_, job) in spec::load_dir(folder.path(), &known) {
                job.unwrap_or_else(|wrong| panic!("{page}: {}", spec::print(&wrong, false)));
                jobs += 1;
            }
        }
    }
    assert!(jobs >= 5, "{jobs}");
}
