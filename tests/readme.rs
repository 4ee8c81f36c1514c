//! What the README tells newcomers to type is right.

use std::path::Path;

use windlass::settings::{Settings, Surroundings};
use windlass::spec;

#[test]
fn the_first_job_of_the_readme_passes_the_check() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let blocks: Vec<&str> = readme.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let [configuration, job] = blocks[..] else { panic!("{} blocks of YAML", blocks.len()) };
    let folder = tempfile::tempdir().unwrap();
    let (settings, jobs) = (folder.path().join("windlass.yaml"), folder.path().join("jobs"));
    std::fs::create_dir(&jobs).unwrap();
    std::fs::write(&settings, configuration).unwrap();
    std::fs::write(jobs.join("totals.yaml"), job).unwrap();
    let surroundings = Surroundings { folder: folder.path().to_owned(), ..Surroundings::default() };
    let settings = Settings::load(Some(&settings), &surroundings);
    let settings = settings.unwrap_or_else(|wrong| panic!("{}", spec::print(&wrong, false)));
    let known = settings.known("2026-11-20T06:00:00Z".parse().unwrap());
    let loaded = spec::load_dir(&settings.jobs_dir, &known);
    assert_eq!(loaded.len(), 1);
    for (_, job) in loaded {
        let job = job.unwrap_or_else(|wrong| panic!("{}", spec::print(&wrong, false))).job;
        assert_eq!((job.name.as_str(), job.steps.len()), ("totals", 2));
    }
}

#[test]
fn every_link_within_the_documentation_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = std::fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let pages = docs.filter(|path| path.extension().is_some_and(|ending| ending == "md"));
    for page in pages.chain(["README.md", "CHANGELOG.md"].map(|name| root.join(name))) {
        let text = std::fs::read_to_string(&page).unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let leads = target.contains("://") || page.parent().unwrap().join(target).exists();
            assert!(leads, "{}: {target} leads nowhere", page.display());
        }
    }
}
