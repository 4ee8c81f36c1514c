//! A process of its own that uses an embedded server: this test binary again, told so by its environment.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use windlass::postgres::embedded::{Embedded, EmbeddedSettings};

const VARIABLE: &str = "WINDLASS_TEST_OWNER_OF";

/// The other process.
pub(super) struct Owner {
    process: Child,
    output: BufReader<ChildStdout>,
}

impl Owner {
    /// Starts the process; it is using the server when `ready` returns.
    pub(super) fn start(data_dir: &Path) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "embedded::owner_process::use_a_server", "--ignored", "--nocapture"]);
        command.env(VARIABLE, data_dir).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        Self { process, output }
    }

    /// Waits until it uses the server.
    pub(super) fn ready(&mut self) {
        self.expect("ready");
    }

    /// Kills it with SIGKILL: nothing of it runs any more, no destructor either.
    pub(super) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Has it let go of the server and waits for its end.
    pub(super) fn stop(mut self) {
        drop(self.process.stdin.take());
        self.expect("stopped");
        assert!(self.process.wait().unwrap().success());
    }

    fn expect(&mut self, word: &str) {
        let mut line = String::new();
        while line.trim() != word {
            line.clear();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "it ended without saying `{word}`");
        }
    }
}

/// What the other process does.
#[tokio::test]
#[ignore = "run by other tests, as a process of its own"]
#[expect(clippy::disallowed_methods, reason = "told by its environment what to do")]
async fn use_a_server() {
    let Some(data_dir) = std::env::var_os(VARIABLE) else { return };
    let embedded = Embedded::start(EmbeddedSettings::new(data_dir).option("fsync", "off")).await.unwrap();
    say("\nready\n");
    std::io::stdin().read_to_string(&mut String::new()).unwrap();
    embedded.stop().await.unwrap();
    say("\nstopped\n");
}

fn say(words: &str) {
    let mut output = std::io::stdout().lock();
    output.write_all(words.as_bytes()).unwrap();
    output.flush().unwrap();
}
