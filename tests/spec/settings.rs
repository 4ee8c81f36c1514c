//! `windlass.yaml`: what is wrong with it, as it is printed, and what comes of a right one.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use windlass::domain::role::Role;
use windlass::domain::secret::Secret;
use windlass::settings::{ConnectionSettings, LogFormat, Settings, Surroundings};
use windlass::spec;

use super::{each_fixture, folder};

fn surroundings(folder: &Path) -> Surroundings {
    let variables = [
        ("HOST", "db"),
        ("DB_PASSWORD", "p%40ss"),
        ("RUNS", "3"),
        ("API_TOKEN", "t0ken"),
        ("HOME", "/home/me"),
        ("AWS_SESSION_TOKEN", "aws-token"),
    ];
    let variables: BTreeMap<_, _> =
        variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect();
    Surroundings { variables, folder: folder.to_owned(), root: false }
}

#[test]
fn each_wrong_file_is_refused_with_all_that_is_wrong_with_it() {
    let seen = each_fixture("tests/spec/settings", |path| {
        let refused = Settings::load(Some(path), &surroundings(&folder(""))).expect_err("the file is wrong");
        spec::print(&refused, false)
    });
    assert_eq!(seen, 8);
}

#[test]
fn a_full_file_resolves_and_its_secrets_are_known_and_unseen() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("windlass.yaml");
    std::fs::write(temporary.path().join("token"), "s3cret\n").unwrap();
    let text = r#"
data_dir: state
jobs_dir: /etc/windlass/jobs
state: {postgres: {url: "postgres://windlass:${DB_PASSWORD}@${HOST}:${PORT:-5432}/windlass"}}
http: {listen: "0.0.0.0:8321", token_file: token}
connections:
  source: {postgres: {url: "postgres://me@${HOST}/shop", password_file: token}}
  warehouse: {postgres: {embedded: warehouse}}
  market: {duckdb: {path: stock.db}}
objects:
  s3: {endpoint: "http://${HOST}:9000", access_key: windlass, secret_key_file: token, path_style: false}
  "gs://other": {credentials_file: google.json}
locks: {naver-api: {capacity: 2}}
runner: {max_runs: "${RUNS}", drain: 1m}
retention: {runs: 7d, logs: 1d}
logging: {format: json, directory: logs, rotation: daily, keep: 3}
env: [API_TOKEN, NOT_SET]
"#;
    std::fs::write(&path, text).unwrap();
    // The local file is found without being named.
    let settings = Settings::load(None, &surroundings(temporary.path()));
    let settings = settings.unwrap_or_else(|diagnostics| panic!("{}", spec::print(&diagnostics, false)));
    assert_eq!(settings.file.as_ref(), Some(&path));
    assert_eq!(settings.data_dir, temporary.path().join("state"));
    assert_eq!(settings.jobs_dir, Path::new("/etc/windlass/jobs"));
    assert_eq!(settings.state.as_ref().unwrap().url.reveal(), "postgres://windlass:p%40ss@db:5432/windlass");
    assert_eq!(settings.http.tokens[0].token, Secret::new("s3cret"));
    assert_eq!(settings.http.tokens[0].role, Role::Operate);
    assert!(matches!(&settings.connections["source"], ConnectionSettings::Postgres(url) if url.password.is_some()));
    assert!(
        matches!(&settings.connections["warehouse"], ConnectionSettings::Embedded { database } if database == "warehouse")
    );
    assert!(
        matches!(&settings.connections["market"], ConnectionSettings::DuckDb { path } if *path == temporary.path().join("stock.db"))
    );
    let store = &settings.objects["s3"];
    assert_eq!((store.endpoint.as_deref(), store.path_style), (Some("http://db:9000"), Some(false)));
    assert_eq!(store.secret_key, Some(Secret::new("s3cret")));
    assert_eq!(settings.objects["gs://other"].credentials_file, Some(temporary.path().join("google.json")));
    assert_eq!(settings.object_variables["AWS_SESSION_TOKEN"], Secret::new("aws-token"));
    assert_eq!((settings.locks["naver-api"], settings.max_runs, settings.drain), (2, 3, Duration::from_mins(1)));
    assert_eq!(settings.retention.runs, Duration::from_hours(7 * 24));
    assert_eq!((settings.logging.format, settings.logging.keep), (LogFormat::Json, 3));
    assert_eq!(settings.env_values(), BTreeMap::from([("API_TOKEN".to_owned(), "t0ken".to_owned())]));
    for secret in ["p%40ss", "p@ss", "s3cret", "t0ken", "aws-token"] {
        assert!(settings.secrets.contains(&Secret::new(secret)), "{secret}");
    }
    let shown = format!("{:?}", Settings { env: BTreeMap::new(), ..settings });
    assert!(!shown.contains("p%40ss") && !shown.contains("s3cret") && !shown.contains("aws-token"), "{shown}");
}

#[test]
fn without_a_file_everything_has_a_default() {
    let temporary = tempfile::tempdir().unwrap();
    let empty = temporary.path().join("windlass.yaml");
    std::fs::write(&empty, "logging: {}\n").unwrap();
    let mut surroundings = surroundings(temporary.path());
    let load = |surroundings: &Surroundings| Settings::load(None, surroundings).unwrap();
    let settings = load(&surroundings);
    assert_eq!(settings.data_dir, Path::new("/home/me/.local/share/windlass"));
    assert_eq!(settings.jobs_dir, temporary.path().join("jobs"));
    assert_eq!(settings.http.listen.to_string(), "127.0.0.1:8321");
    assert!(settings.state.is_none() && settings.needs_embedded());
    surroundings.variables.insert("XDG_DATA_HOME".to_owned(), "/xdg".to_owned());
    assert_eq!(load(&surroundings).data_dir, Path::new("/xdg/windlass"));
    surroundings.root = true;
    assert_eq!(load(&surroundings).data_dir, Path::new("/var/lib/windlass"));
}
