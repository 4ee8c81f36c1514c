//! What `docker compose` would start is described rightly: the specification's own schema, and every path, port, user and
//! secret against the repository and the program. Docker itself isn't needed.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::Value;
use windlass::domain::role::Role;
use windlass::settings::{Settings, Surroundings};
use windlass::spec;

use super::{path, text, validator, yaml};
use crate::cli::folder::Folder;
use crate::support::PrivateServer;
use crate::support::prometheus::{free_address, tool};

const FOLDER: &str = "deploy/compose";

fn services() -> Vec<(String, Value)> {
    let compose = yaml("deploy/compose/compose.yaml");
    compose["services"].as_object().unwrap().iter().map(|(name, service)| (name.clone(), service.clone())).collect()
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(|one| one.as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_compose_file_is_what_the_specification_allows() {
    let Some(check) = validator("check-jsonschema") else { return };
    let file = path("deploy/compose/compose.yaml");
    let output = Command::new(check).args(["--builtin-schema", "vendor.compose-spec"]).arg(file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn every_path_port_secret_and_volume_of_the_compose_file_is_there() {
    let compose = yaml("deploy/compose/compose.yaml");
    let secrets: BTreeSet<&String> = compose["secrets"].as_object().unwrap().keys().collect();
    let volumes: BTreeSet<&String> = compose["volumes"].as_object().unwrap().keys().collect();
    let (mut used_secrets, mut used_volumes) = (BTreeSet::new(), BTreeSet::new());
    for (name, service) in services() {
        for volume in strings(&service["volumes"]) {
            let (from, to) = volume.split_once(':').unwrap();
            assert!(to.starts_with('/'), "{name}: {volume}");
            if from.starts_with('.') {
                assert!(path(FOLDER).join(from).exists(), "{name}: {from} is not in the repository");
                assert!(to.ends_with(":ro"), "{name}: {volume} could be written to");
            } else {
                used_volumes.insert(from.to_owned());
            }
        }
        used_secrets.extend(strings(&service["secrets"]));
        for port in strings(&service["ports"]) {
            assert!(port.starts_with("127.0.0.1:"), "{name}: {port} can be reached from other machines");
        }
    }
    assert_eq!(used_secrets.iter().collect::<BTreeSet<_>>(), secrets);
    assert_eq!(used_volumes.iter().collect::<BTreeSet<_>>(), volumes);
    let windlass = &compose["services"]["windlass"];
    let default =
        Settings::load(Some(&path("deploy/systemd/windlass.yaml")), &Surroundings::default()).unwrap().http.listen;
    assert_eq!(strings(&windlass["ports"]), [format!("127.0.0.1:{0}:{0}", default.port())]);
    assert!(text("deploy/compose/Dockerfile").contains(&format!("\nEXPOSE {}\n", default.port())));
    assert!(path(FOLDER).join(windlass["build"]["context"].as_str().unwrap()).join("Cargo.toml").exists());
    assert!(path(windlass["build"]["dockerfile"].as_str().unwrap()).exists());
    let grace = windlass["stop_grace_period"].as_str().unwrap().trim_end_matches('s').parse().unwrap();
    assert!(Duration::from_secs(grace) >= Duration::from_secs(30 + 75));
}

/// Whose tokens settings have, and what they may do with them.
pub(super) fn roles(settings: &Settings) -> Vec<(&str, Role)> {
    settings.http.tokens.iter().map(|token| (token.name.as_str(), token.role)).collect()
}

/// What [`roles`] should find.
pub(super) const TOKENS: [(&str, Role); 2] = [("operator", Role::Operate), ("prometheus", Role::Read)];

/// A copy of a settings file that finds its secrets in a folder of the test's.
fn loaded(file: &str, secrets_at: &str, secrets: &std::path::Path) -> Settings {
    let copy = secrets.join("windlass.yaml");
    std::fs::write(&copy, text(file).replace(secrets_at, secrets.to_str().unwrap())).unwrap();
    let settings = Settings::load(Some(&copy), &Surroundings::default());
    settings.unwrap_or_else(|wrong| panic!("{}", spec::print(&wrong, false)))
}

/// Whether jobs pass the check with these settings.
pub(super) fn jobs_pass(settings: &Settings, folder: &str) {
    let known = settings.known("2026-11-20T06:00:00Z".parse().unwrap());
    let jobs = spec::load_dir(&path(folder), &known);
    assert!(!jobs.is_empty());
    for (_, job) in jobs {
        job.unwrap_or_else(|wrong| panic!("{}", spec::print(&wrong, false)));
    }
}

#[test]
fn secrets_are_made_once_and_settings_jobs_and_prometheus_find_them() {
    // In a copy: the script makes secrets beside itself.
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(path("deploy/compose/up"), folder.path().join("up")).unwrap();
    let make = || assert!(Command::new(folder.path().join("up")).arg("--secrets-only").status().unwrap().success());
    make();
    let secrets = folder.path().join("secrets");
    let token = std::fs::read_to_string(secrets.join("windlass-token")).unwrap();
    assert_eq!(token.len(), 48);
    make();
    assert_eq!(std::fs::read_to_string(secrets.join("windlass-token")).unwrap(), token, "made anew");
    let compose = yaml("deploy/compose/compose.yaml");
    for (name, secret) in compose["secrets"].as_object().unwrap() {
        let file = folder.path().join(secret["file"].as_str().unwrap());
        assert!(file.is_file(), "{name}");
        assert_eq!(
            file.file_name().unwrap().to_str(),
            Some(name.as_str()),
            "what the container sees has the secret's name"
        );
    }
    let settings = loaded("deploy/compose/windlass.yaml", "/run/secrets", &secrets);
    assert!(settings.state.is_some(), "no PostgreSQL is in the image");
    assert_eq!(roles(&settings), TOKENS);
    jobs_pass(&settings, "deploy/compose/jobs");
    // Prometheus has the token that may only read, and no other.
    assert_eq!(strings(&compose["services"]["prometheus"]["secrets"]), ["prometheus-token"]);
    let scrape = &yaml("deploy/compose/prometheus.yml")["scrape_configs"][0];
    assert_eq!(scrape["authorization"]["credentials_file"], "/run/secrets/prometheus-token");

    let Some(promtool) = tool("promtool") else { return };
    let prometheus = text("deploy/compose/prometheus.yml").replace("/run/secrets", secrets.to_str().unwrap());
    std::fs::write(secrets.join("prometheus.yml"), prometheus).unwrap();
    std::fs::copy(path("deploy/prometheus/windlass.rules.yml"), secrets.join("windlass.rules.yml")).unwrap();
    let output =
        Command::new(promtool).args(["check", "config", "prometheus.yml"]).current_dir(&secrets).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn what_the_image_copies_is_there_and_an_empty_crate_has_all_targets() {
    let dockerfile = text("deploy/compose/Dockerfile");
    for line in
        dockerfile.lines().filter_map(|line| line.strip_prefix("COPY ")).filter(|line| !line.starts_with("--from"))
    {
        let words: Vec<&str> = line.split_whitespace().collect();
        for source in &words[..words.len() - 1] {
            assert!(path(source).exists(), "{source}");
        }
    }
    assert!(dockerfile.contains("\nUSER 10001:10001\n"));
    // The layer of dependencies: as the image does it, without the build.
    let (_, from) = dockerfile.split_once("RUN mkdir -p src").unwrap();
    let (script, _) = from.split_once("&& cargo build").unwrap();
    let folder = tempfile::tempdir().unwrap();
    for file in ["Cargo.toml", "Cargo.lock", "build.rs"] {
        std::fs::copy(path(file), folder.path().join(file)).unwrap();
    }
    let script = format!("mkdir -p src{script}").replace("\\\n", " ");
    let mut command = Command::new("bash");
    command.arg("-euc").arg(format!("{script} && cargo metadata --no-deps --offline --format-version 1 >/dev/null"));
    let output = command.current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn what_postgresql_does_at_its_first_start_makes_what_the_settings_connect_to() {
    let server = PrivateServer::start(&[], false).await;
    let script = text("deploy/compose/postgres-init.sh");
    let (_, from) = script.split_once("<<'SQL'\n").unwrap();
    // The superuser of the tests' servers has the name already.
    let sql = from.replace("\nSQL\n", "\n").replace("role windlass login", "role member login");
    let sql = sql.replace("to windlass;", "to member;").replace("owner windlass;", "owner member;");
    let Some(psql) = server.psql() else { return };
    let mut psql = tokio::process::Command::from(psql);
    psql.args(["-v", "ON_ERROR_STOP=1", "-v", "password=it's \\ secret"]).stdin(std::process::Stdio::piped());
    let mut psql = psql.stdout(std::process::Stdio::null()).spawn().unwrap();
    tokio::io::AsyncWriteExt::write_all(psql.stdin.as_mut().unwrap(), sql.as_bytes()).await.unwrap();
    drop(psql.stdin.take());
    assert!(psql.wait().await.unwrap().success());
    for database in ["windlass", "warehouse"] {
        let mut config = server.server(database).config().clone();
        config.user("member");
        let session = windlass::postgres::Server::from_config(config).connect("test-member").await.unwrap();
        session.client().batch_execute("create schema made; create table made.t as select 1").await.unwrap();
    }
    let settings = text("deploy/compose/windlass.yaml");
    assert!(settings.contains("@postgres/windlass\"") && settings.contains("@postgres/warehouse\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_images_health_check_says_whether_a_daemon_is_alive() {
    let dockerfile = text("deploy/compose/Dockerfile");
    let check = dockerfile.lines().find_map(|line| line.trim().strip_prefix("CMD [\"bash\"")).unwrap();
    let words: Vec<String> = serde_json::from_str(&format!("[\"bash\"{check}")).unwrap();
    let address = free_address();
    let healthy = async || {
        let script = words[2].replace("127.0.0.1/8321", &format!("{}/{}", address.ip(), address.port()));
        assert_ne!(script, words[2]);
        let mut command = tokio::process::Command::new(&words[0]);
        command.arg(&words[1]).arg(script).output().await.unwrap().status.success()
    };
    assert!(!healthy().await, "nobody is there");
    let folder = Folder::new().await;
    let settings = std::fs::read_to_string(folder.path("windlass.yaml")).unwrap();
    folder.write("windlass.yaml", &settings.replace("127.0.0.1:0", &address.to_string()));
    let serve = folder.start(&["serve"]);
    serve.says("ready").await;
    assert!(healthy().await);
    serve.signal(Signal::SIGTERM);
    serve.end().await.ends(0);
    folder.close().await;
}

/// The settings of the pods, with secrets of the test's.
pub(super) fn settings_of_pods() -> Settings {
    let secrets = tempfile::tempdir().unwrap();
    for secret in ["token", "prometheus-token", "state-password"] {
        std::fs::write(secrets.path().join(secret), secret).unwrap();
    }
    loaded("deploy/kubernetes/windlass.yaml", "/run/secrets/windlass", secrets.path())
}
