//! Other processes: this test binary, started again in a role of its own.
//!
//! A role is played by the ignored test `child`, which finds its role and arguments in the environment. What a role
//! says goes to standard output behind a mark, for the test harness writes there too. A role ends when its standard
//! input does, at the latest when its parent is gone.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio_util::sync::CancellationToken;
use windlass::domain::failure::Side;
use windlass::domain::step::StepKind;
use windlass::duckdb::{DuckDbFile, OpenMode};
use windlass::steps::Connection;

use crate::collect::memory;
use crate::publish::roles;
use crate::publish::world::{names_in, publish_step};
use crate::support::host::attempt;

const MARK: &str = "windlass-child ";
const ROLE: &str = "WINDLASS_TEST_ROLE";
const ARGUMENTS: &str = "WINDLASS_TEST_ARGUMENTS";

/// Where another process runs.
pub(crate) enum Place {
    /// As this one.
    Here,
    /// Where no file grows beyond that many blocks of 512 bytes.
    SmallFiles(u32),
    /// With a file system of that many KiB in that folder, seen by that process alone. Needs root.
    SmallDisk(PathBuf, u32),
    /// With a read-only file system in that folder, seen by that process alone. Needs root.
    ReadOnlyDisk(PathBuf),
}

/// Another process that plays a role.
pub(crate) struct Other {
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Other {
    /// Starts a role.
    pub(crate) fn start(role: &str, arguments: &[&str]) -> Self {
        Self::start_in(Place::Here, role, arguments)
    }

    /// Starts a role somewhere else.
    pub(crate) fn start_in(place: Place, role: &str, arguments: &[&str]) -> Self {
        let shell = |script: String| {
            let mut command = Command::new("sh");
            command.args(["-c", &format!("{script} && exec \"$0\" \"$@\"")]);
            command
        };
        let own_mounts = |script: String| {
            let mut command = Command::new("unshare");
            command.args(["--mount", "sh", "-c", &format!("{script} && exec \"$0\" \"$@\"")]);
            command
        };
        let program = std::env::current_exe().unwrap();
        let here = matches!(place, Place::Here);
        let mut command = match place {
            Place::Here => Command::new(&program),
            Place::SmallFiles(blocks) => shell(format!("trap '' XFSZ && ulimit -f {blocks}")),
            Place::SmallDisk(folder, size) => {
                own_mounts(format!("mount -t tmpfs -o size={size}k none '{}'", folder.display()))
            }
            Place::ReadOnlyDisk(folder) => own_mounts(format!("mount -t tmpfs -o ro none '{}'", folder.display())),
        };
        if !here {
            command.arg(&program);
        }
        let mut process = command
            .args(["--exact", "duckdb::process::child", "--ignored", "--nocapture"])
            .env(ROLE, role)
            .env(ARGUMENTS, arguments.join("\n"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (process.stdin.take(), BufReader::new(process.stdout.take().unwrap()));
        Self { process, input, output }
    }

    /// The process' id.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// The next thing it says.
    pub(crate) fn hear(&mut self) -> String {
        let mut line = String::new();
        loop {
            line.clear();
            assert_ne!(self.output.read_line(&mut line).unwrap(), 0, "the other process ended without a word");
            if let Some((_, said)) = line.split_once(MARK) {
                return said.trim_end().to_owned();
            }
        }
    }

    /// Kills it, as a crash would.
    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Asks it to end, hears its last word and waits for it.
    pub(crate) fn end(mut self) -> String {
        drop(self.input.take());
        let last = self.hear();
        assert!(self.process.wait().unwrap().success());
        last
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Says something to the parent.
pub(crate) fn say(text: impl std::fmt::Display) {
    let mut output = std::io::stdout().lock();
    writeln!(output, "\n{MARK}{text}").unwrap();
    output.flush().unwrap();
}

/// Waits until the parent wants the end, or is gone.
pub(crate) fn wait_for_end() {
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

/// Not a test: what other processes run.
#[test]
#[ignore = "plays a role for other tests"]
#[expect(clippy::disallowed_methods, reason = "a role is told to a child process through its environment")]
fn child() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let arguments = std::env::var(ARGUMENTS).unwrap();
    let arguments: Vec<&str> = arguments.split('\n').collect();
    match (role.as_str(), arguments.as_slice()) {
        ("hold", [path, mode]) => hold(path, mode),
        ("statements", [path, statements]) => {
            let connection = ::duckdb::Connection::open(path).unwrap();
            let result = connection.execute_batch(statements);
            say(result.map_or_else(|error| error.to_string(), |()| "done".to_owned()));
            wait_for_end();
        }
        ("session", [path, statements]) => say(fails(path, statements)),
        ("read-loop", [path, rows]) => read_until_told(path, rows.parse().unwrap()),
        ("publish", [master, replica, method]) => publish(master, replica, method),
        ("collect-memory", [body]) => memory::play(body),
        (role, arguments) => roles::play(role, arguments),
    }
}

/// Keeps a file open.
fn hold(path: &str, mode: &str) {
    let config = ::duckdb::Config::default();
    let mode = if mode == "read" { ::duckdb::AccessMode::ReadOnly } else { ::duckdb::AccessMode::ReadWrite };
    let connection = ::duckdb::Connection::open_with_flags(path, config.access_mode(mode).unwrap());
    say(connection.as_ref().map_or_else(ToString::to_string, |_| "open".to_owned()));
    wait_for_end();
    drop(connection);
    say("closed");
}

/// What statements in a session of Windlass' own fail with, as JSON.
fn fails(path: &str, statements: &str) -> String {
    let statements = statements.to_owned();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let result = runtime.block_on(async {
        let session = DuckDbFile::new(path.into()).open(OpenMode::ReadWrite).await?;
        let stop = CancellationToken::new();
        session.run(&stop, "running statements", move |connection| connection.execute_batch(&statements)).await
    });
    serde_json::to_string(&result.unwrap_err().on(Side::Target)).unwrap()
}

/// Opens a file again and again and says each new generation; every row of a file must be of one.
fn read_until_told(path: &str, rows: i64) {
    let told = Arc::new(AtomicBool::new(false));
    let end = Arc::clone(&told);
    std::thread::spawn(move || {
        wait_for_end();
        end.store(true, Ordering::SeqCst);
    });
    say("reading");
    let mut newest = -1;
    let ended = loop {
        if told.load(Ordering::SeqCst) {
            break "no errors".to_owned();
        }
        match read_once(path) {
            Err(error) => break error.to_string(),
            Ok((count, first, last)) if count != rows || first != last || last < newest => {
                break format!("saw {count} rows of generations {first} to {last} after {newest}");
            }
            Ok((_, _, last)) if last > newest => {
                newest = last;
                if newest > 0 {
                    say(format!("saw {newest}"));
                }
            }
            Ok(_) => {}
        }
    };
    if ended != "no errors" {
        say(&ended);
        wait_for_end();
    }
    say(ended);
}

fn read_once(path: &str) -> Result<(i64, i64, i64), ::duckdb::Error> {
    let config = ::duckdb::Config::default().access_mode(::duckdb::AccessMode::ReadOnly)?;
    let connection = ::duckdb::Connection::open_with_flags(path, config)?;
    let query = "select count(*), min(generation), max(generation) from t where r >= 0";
    connection.query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
}

/// Publishes a master and says what it failed with, then what is in the replica's folder.
fn publish(master: &str, replica: &str, method: &str) {
    let replica = Path::new(replica);
    let folder = replica.parent().unwrap();
    let market = Connection::DuckDb(DuckDbFile::new(master.into()));
    let (context, _host) = attempt(folder, BTreeMap::from([("market".to_owned(), market)]));
    let method = serde_json::from_value(serde_json::Value::from(method)).unwrap();
    let step = publish_step(replica.file_name().unwrap().to_str().unwrap(), method);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let kind = StepKind::PublishReplica(step);
    let result = runtime.block_on(windlass::steps::run(&kind, &context));
    say(serde_json::to_string(&result.unwrap_err()).unwrap());
    say(format!("{:?}", names_in(folder)));
}
