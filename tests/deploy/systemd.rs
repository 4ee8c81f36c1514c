//! The unit is one that systemd accepts and finds safe, its settings are right, and the daemon speaks to it as it expects.

use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use windlass::settings::{Settings, Surroundings};
use windlass::spec;

use super::{ANYWHERE, path, text, write_settings};
use crate::cli::folder::{Folder, windlass};
use crate::support::{PrivateServer, skipped};

const UNIT: &str = "deploy/systemd/windlass.service";

/// The value of a key of the unit.
fn value(key: &str) -> String {
    let unit = text(UNIT);
    let found = unit.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    found.unwrap_or_else(|| panic!("the unit has no {key}")).to_owned()
}

fn seconds(key: &str) -> Duration {
    Duration::from_secs(value(key).parse().unwrap())
}

/// Calls `systemd-analyze`; `None`, with the reason printed, where it isn't here.
fn analyze(arguments: &[&str]) -> Option<(bool, String)> {
    let Ok(output) = Command::new("systemd-analyze").args(arguments).output() else {
        skipped("systemd-analyze (Debian package systemd) is not on PATH");
        return None;
    };
    Some((
        output.status.success(),
        [output.stdout, output.stderr].map(|it| String::from_utf8_lossy(&it).into_owned()).concat(),
    ))
}

#[test]
fn systemd_verifies_the_unit_without_a_word() {
    let folder = tempfile::tempdir().unwrap();
    let unit = folder.path().join("windlass.service");
    // The program is where the package puts it; here it is where cargo has put it.
    std::fs::write(&unit, text(UNIT).replace("/usr/bin/windlass", env!("CARGO_BIN_EXE_windlass"))).unwrap();
    let Some((fine, said)) = analyze(&["verify", "--man=no", unit.to_str().unwrap()]) else { return };
    assert!(fine && said.is_empty(), "{said}");
}

#[test]
fn systemd_finds_the_unit_safe() {
    let unit = path(UNIT);
    // Tenths: the level may be at most 2.0.
    let arguments = ["security", "--offline=true", "--threshold=20", "--no-pager", unit.to_str().unwrap()];
    let Some((fine, said)) = analyze(&arguments) else { return };
    assert!(fine, "{said}");
}

#[test]
fn the_units_patience_is_longer_than_the_daemons() {
    let settings = settings();
    // What steps get to clean up after the drain (engine/daemon.rs), and the embedded server's own end.
    assert!(seconds("TimeoutStopSec") >= settings.drain + Duration::from_secs(75 + 30));
    assert_eq!(value("TimeoutStartSec"), "infinity", "the state database is waited for as long as it takes");
    // Twice the longest turn of the engine's loops: a renewal and calls to a state database that doesn't answer.
    assert!(seconds("WatchdogSec") >= Duration::from_secs(40));
}

/// The settings of the package, read where its credentials are.
fn settings() -> Settings {
    let surroundings = Surroundings { folder: "/".into(), ..Surroundings::default() };
    let settings = Settings::load(Some(&path("deploy/systemd/windlass.yaml")), &surroundings);
    settings.unwrap_or_else(|wrong| panic!("{}", spec::print(&wrong, false)))
}

#[test]
fn the_packages_settings_are_what_the_unit_says_and_their_comments_are_right_too() {
    let settings = settings();
    assert_eq!(settings.data_dir, format!("/var/lib/{}", value("StateDirectory")).as_ref() as &std::path::Path);
    assert_eq!(
        settings.logging.directory.unwrap(),
        format!("/var/log/{}", value("LogsDirectory")).as_ref() as &std::path::Path
    );
    assert!(settings.jobs_dir.starts_with(format!("/etc/{}", value("ConfigurationDirectory"))));

    // What stands in comments is right as well, with the secrets as systemd would hand them over.
    let (name, folder_of_secrets) =
        value("LoadCredential").split_once(':').map(|(name, folder)| (name.to_owned(), folder.to_owned())).unwrap();
    let (variable, prefix) =
        value("Environment").split_once("=%d/").map(|(name, prefix)| (name.to_owned(), prefix.to_owned())).unwrap();
    assert_eq!(prefix, format!("{name}_"), "what systemd calls a folder's files");
    let secrets = tempfile::tempdir().unwrap();
    for secret in ["token", "state-password"] {
        std::fs::write(secrets.path().join(format!("{prefix}{secret}")), "hidden").unwrap();
    }
    let yaml = text("deploy/systemd/windlass.yaml");
    assert_eq!(yaml.matches(&format!("${{{variable}:-{folder_of_secrets}/}}")).count(), 2, "root finds them by itself");
    let wanted = [
        "# state:",
        "#   postgres:",
        "#     url:",
        "#     password_file:",
        "  # listen:",
        "  # token_file:",
        "# connections:",
        "#   warehouse:",
    ];
    let mut uncommented = String::new();
    for line in yaml.lines() {
        let open = wanted.iter().any(|start| line.starts_with(start));
        let shown = if open { line.replacen("# ", "", 1) } else { line.to_owned() };
        if !shown.starts_with("  listen: \"127") {
            uncommented.extend([shown.as_str(), "\n"]);
        }
    }
    let file = secrets.path().join("windlass.yaml");
    std::fs::write(&file, uncommented).unwrap();
    let variables = [(variable, format!("{}/{prefix}", secrets.path().display()))].into();
    let surroundings = Surroundings { folder: "/".into(), variables, ..Surroundings::default() };
    let settings =
        Settings::load(Some(&file), &surroundings).unwrap_or_else(|wrong| panic!("{}", spec::print(&wrong, false)));
    assert!(settings.state.is_some() && !settings.http.tokens.is_empty() && !settings.http.listen.ip().is_loopback());
}

/// Waits for a message of the daemon to its service manager.
fn heard(socket: &UnixDatagram, wanted: &str) {
    let deadline = Instant::now() + Duration::from_mins(1);
    let mut message = [0; 4096];
    while Instant::now() < deadline {
        let length = match socket.recv(&mut message) {
            Ok(length) => length,
            // A child of another test has ended, or the like.
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => panic!("waiting for {wanted}: {error}"),
        };
        if String::from_utf8_lossy(&message[..length]).lines().any(|line| line == wanted) {
            return;
        }
    }
    panic!("never heard {wanted}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_manager_hears_that_it_is_ready_alive_and_stopping_also_while_the_state_database_hangs() {
    let server = PrivateServer::start(&[], false).await;
    let folder = Folder::new().await;
    let state = server.embedded().url("postgres");
    write_settings(&folder, &state, ANYWHERE, &[("pg", folder.database.url())]);
    let socket = UnixDatagram::bind(folder.path("notify")).unwrap();
    socket.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    let mut command = windlass(&["serve"]);
    command.current_dir(folder.path("")).stdout(Stdio::null()).stderr(Stdio::null());
    // Twice the longest turn of the engine's loops, and some.
    command.env("NOTIFY_SOCKET", folder.path("notify")).env("WATCHDOG_USEC", "20000000");
    let mut serve = command.spawn().unwrap();
    heard(&socket, "READY=1");
    server.freeze();
    for _ in 0..2 {
        heard(&socket, "WATCHDOG=1");
    }
    server.thaw();
    kill(Pid::from_raw(i32::try_from(serve.id()).unwrap()), Signal::SIGTERM).unwrap();
    heard(&socket, "STOPPING=1");
    assert!(serve.wait().unwrap().success());
    folder.close().await;
}
