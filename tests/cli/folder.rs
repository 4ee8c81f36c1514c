//! A folder with settings and jobs, a state database of its own, and the program called in it.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::support::{TestDatabase, server};

/// How long a program that was started may take to do what it should.
const PATIENCE: Duration = Duration::from_mins(1);

/// A program with its arguments, without the environment's own ideas about Windlass.
pub(crate) fn windlass(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_windlass"));
    command.args(arguments).env_remove("WINDLASS_CONFIG").env_remove("WINDLASS_LOG").env("NO_COLOR", "1");
    command.stdin(Stdio::null());
    command
}

/// A folder that the program is called in.
pub(crate) struct Folder {
    folder: tempfile::TempDir,
    pub(crate) database: TestDatabase,
}

impl Folder {
    /// Settings with the state database and connection `pg` in one fresh database, without jobs.
    pub(crate) async fn new() -> Self {
        let database = server().database().await;
        let folder = Self { folder: tempfile::tempdir().unwrap(), database };
        let url = folder.database.url();
        folder.write(
            "windlass.yaml",
            &format!(
                "data_dir: data\nstate: {{postgres: {{url: \"{url}\"}}}}\nconnections:\n  pg: {{postgres: {{url: \
                 \"{url}\"}}}}\nhttp: {{listen: \"127.0.0.1:0\"}}\nrunner: {{drain: 20s}}\n"
            ),
        );
        std::fs::create_dir(folder.path("jobs")).unwrap();
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// A job of one SQL step `a` on `pg`.
    pub(crate) fn sql_job(&self, name: &str, statement: &str) {
        let text =
            format!("job: {name}\nsteps:\n  - id: a\n    sql:\n      connection: pg\n      statement: |\n        ");
        self.write(&format!("jobs/{name}.yaml"), &format!("{text}{statement}\n"));
    }

    /// Calls the program and waits for its end.
    pub(crate) fn call(&self, arguments: &[&str]) -> Called {
        Called::of(&windlass(arguments).current_dir(self.folder.path()).output().unwrap())
    }

    /// Starts the program.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        self.start_as("stderr.log", arguments)
    }

    /// Starts another one beside it, whose standard error goes to a file of that name.
    pub(crate) fn start_as(&self, log: &str, arguments: &[&str]) -> Running {
        self.start_with(log, arguments, &[])
    }

    /// The same with more in its environment.
    pub(crate) fn start_with(&self, log: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Running {
        let mut command = windlass(arguments);
        command.envs(variables.iter().copied());
        self.start_command(log, command)
    }

    /// Starts that command.
    pub(crate) fn start_command(&self, log: &str, mut command: Command) -> Running {
        let errors = self.path(log);
        command.current_dir(self.folder.path()).stdout(Stdio::piped()).stderr(std::fs::File::create(&errors).unwrap());
        Running { child: command.spawn().unwrap(), errors }
    }

    pub(crate) async fn close(self) {
        self.database.close().await;
    }
}

/// What a call came to.
#[derive(Debug)]
pub(crate) struct Called {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Called {
    pub(crate) fn of(output: &Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout.clone()).unwrap(),
            stderr: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }

    /// Fails the test unless the program ended with this code.
    #[track_caller]
    pub(crate) fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Standard output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }
}

/// The program at work; killed if the test ends before it.
pub(crate) struct Running {
    child: Child,
    errors: PathBuf,
}

impl Running {
    pub(crate) fn signal(&self, signal: nix::sys::signal::Signal) {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        nix::sys::signal::kill(pid, signal).unwrap();
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has written to standard error so far.
    pub(crate) fn errors(&self) -> String {
        std::fs::read_to_string(&self.errors).unwrap_or_default()
    }

    /// Waits until standard error has a line with this in it, and returns that line.
    pub(crate) async fn says(&self, wanted: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let said = self.errors();
            if let Some(line) = said.lines().find(|line| line.contains(wanted)) {
                return line.to_owned();
            }
            assert!(Instant::now() < deadline, "never said `{wanted}`: {said}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits for its end.
    pub(crate) async fn end(mut self) -> Called {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "still running: {}", self.errors());
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        let mut stdout = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        Called { code: status.code(), stdout, stderr: self.errors() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

/// Whether a folder is empty or isn't there.
pub(crate) fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none())
}
