//! Jobs that pages show are right as they stand.

use clap::Parser as _;
use windlass::cli::Arguments;
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

#[test]
fn every_command_that_a_page_of_operations_names_is_one() {
    let mut commands = 0;
    for page in ["README.md", "docs/MIGRATING.md", "docs/OPERATIONS.md", "docs/RUNBOOK.md", "docs/SCALING.md"] {
        let text = text(page);
        // What stands between backquotes, or in a line of a block: from its name to the end of the command.
        for part in text.split(['`', '\n']).flat_map(|part| part.split("| ")).flat_map(|part| part.split("; ")) {
            let part = part.trim().trim_start_matches("do ").trim_start_matches("sudo ");
            let words: Vec<&str> =
                part.split('#').next().unwrap().split_whitespace().map(|word| word.trim_matches('"')).collect();
            // The name of a package, of a database and of a folder is the program's, too; a command has lower case behind it.
            let command = words.get(1).is_some_and(|word| word.chars().all(|letter| letter.is_ascii_lowercase()));
            if words.first() != Some(&"windlass") || !command {
                continue;
            }
            if let Err(error) = Arguments::try_parse_from(&words) {
                let enough = matches!(
                    error.kind(),
                    clap::error::ErrorKind::MissingSubcommand | clap::error::ErrorKind::MissingRequiredArgument
                );
                assert!(enough, "{page}: {part}: {error}");
            }
            commands += 1;
        }
    }
    assert!(commands > 30, "{commands}");
}
