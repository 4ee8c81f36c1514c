//! What the README tells newcomers to type is right.

use std::path::Path;
use std::process::Stdio;

use tokio::io::AsyncBufReadExt as _;
use windlass::settings::{Settings, Surroundings};
use windlass::spec;

use crate::cli::folder::{Called, windlass};
use crate::support::Keeper;

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

#[tokio::test(flavor = "multi_thread")]
async fn what_the_readme_says_to_type_does_what_it_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let blocks = |language: &str| -> Vec<String> {
        let fence = format!("```{language}\n");
        readme.split(&fence).skip(1).filter_map(|rest| rest.split("```").next()).map(str::to_owned).collect()
    };
    let (yaml, shell) = (blocks("yaml"), blocks("sh"));
    let commands =
        shell.iter().flat_map(|block| block.lines()).map(|line| line.split('#').next().unwrap().trim().to_owned());
    let (scripts, calls): (Vec<String>, Vec<String>) = commands.partition(|command| command.starts_with("scripts/"));
    for script in scripts {
        assert!(root.join(&script).is_file(), "{script}");
    }
    // A folder that the embedded server's user may pass through.
    let keeper = Keeper::new();
    std::fs::create_dir(keeper.path().join("jobs")).unwrap();
    // Another daemon may listen where one does by default.
    let settings = format!("{}http: {{listen: \"127.0.0.1:0\"}}\n", yaml[0]);
    std::fs::write(keeper.path().join("windlass.yaml"), settings).unwrap();
    std::fs::write(keeper.path().join("jobs/totals.yaml"), &yaml[1]).unwrap();
    assert_eq!(calls, ["windlass check", "windlass plan totals", "windlass run totals", "windlass serve"]);
    for call in &calls[..3] {
        let words: Vec<&str> = call.split(' ').skip(1).collect();
        let mut command = windlass(&words);
        let output = tokio::task::spawn_blocking({
            command.current_dir(keeper.path());
            move || command.output().unwrap()
        });
        let called = Called::of(&output.await.unwrap()).ends(0);
        assert!(!called.stdout.is_empty(), "{call}");
    }
    let mut serve = tokio::process::Command::from(windlass(&["serve"]));
    serve.current_dir(keeper.path()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut serve = serve.spawn().unwrap();
    let mut said = tokio::io::BufReader::new(serve.stderr.take().unwrap()).lines();
    let line = loop {
        let line = said.next_line().await.unwrap().expect("it listens");
        if line.contains("listening") {
            break line;
        }
    };
    let address = line.split("address=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    drop(rustls::crypto::ring::default_provider().install_default());
    let answers = async |page: &str| {
        reqwest::get(format!("http://{address}{page}")).await.is_ok_and(|it| it.status().is_success())
    };
    // The pages are there once its own PostgreSQL is.
    crate::support::eventually("the pages answer", async || answers("/").await).await;
    assert!(answers("/metrics").await);
    let id = nix::unistd::Pid::from_raw(i32::try_from(serve.id().unwrap()).unwrap());
    nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGTERM).unwrap();
    while said.next_line().await.unwrap().is_some() {}
    assert!(serve.wait().await.unwrap().success());
}

#[test]
fn the_settings_page_loads_as_it_stands_and_names_every_key() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/SETTINGS.md")).unwrap();
    let example = page.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("windlass.yaml");
    std::fs::write(&file, example).unwrap();
    std::fs::write(folder.path().join("state-password"), "secret").unwrap();
    std::fs::write(folder.path().join("minio-secret"), "secret").unwrap();
    let surroundings = Surroundings {
        folder: folder.path().to_owned(),
        variables: [("HOME".to_owned(), "/home/somebody".to_owned())].into(),
        ..Surroundings::default()
    };
    let settings =
        Settings::load(Some(&file), &surroundings).unwrap_or_else(|wrong| panic!("{}", spec::print(&wrong, false)));
    assert_eq!((settings.max_runs, settings.connections.len()), (8, 3));
    // Every key that the loader knows has its row: an unknown key's help lists what is possible.
    for section in [
        "",
        "state",
        "http",
        "connections: {x: {postgres",
        "connections: {x: {duckdb",
        "objects: {s3",
        "locks: {x",
        "runner",
        "retention",
        "logging",
    ] {
        let closing = "}".repeat(section.matches('{').count() + usize::from(!section.is_empty()));
        let text = if section.is_empty() { "zzz: 1".to_owned() } else { format!("{section}: {{zzz: 1{closing}") };
        std::fs::write(&file, text).unwrap();
        let wrong = Settings::load(Some(&file), &surroundings).unwrap_err();
        let said = spec::print(&wrong, false);
        let possible = said.lines().find(|line| line.contains("possible here")).unwrap_or_else(|| panic!("{said}"));
        let keys = possible.split_once("possible here: ").map_or(possible, |(_, keys)| keys);
        let keys = keys.replace("= help: only `", "").replace("` is possible here", "");
        for key in keys.split(", ").map(str::trim) {
            assert!(page.contains(&key.replace('`', "")), "`{key}` of `{section}` is not in docs/SETTINGS.md");
        }
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
