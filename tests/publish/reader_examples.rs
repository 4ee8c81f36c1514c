//! What `examples/readers` shows works: each example sees one generation, then the next, and keeps the last good data.

use std::io::{BufRead as _, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use windlass::domain::step::PublishMethod;

use super::world::{World, ask};
use crate::support::{python_with_duckdb, pythons_with_duckdb, shell_of_duckdb, skipped};

/// The example at work; killed when the test ends.
struct Example {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Example {
    fn start(command: &mut Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, lines }
    }

    fn hear(&mut self) -> String {
        self.lines.next().expect("the example ended").unwrap()
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/readers").join(name)
}

/// A published replica with one row for each generation.
async fn published() -> World {
    let world = World::new(PublishMethod::Auto);
    world.write("create table t (id integer); insert into t values (1)").await;
    world.publish().await.unwrap();
    world
}

async fn publish_another(world: &World) {
    world.write("insert into t values (2)").await;
    world.publish().await.unwrap();
}

#[tokio::test]
async fn the_python_example_goes_over_to_a_new_generation() {
    for python in pythons_with_duckdb() {
        let world = published().await;
        let arguments = [example("replica.py"), world.replica(), "select count(*) from t".into()];
        let mut reader = Example::start(Command::new(python).args(arguments));
        assert_eq!(reader.hear(), "generation 1: [(1,)]");
        publish_another(&world).await;
        assert_eq!(reader.hear(), "generation 2: [(2,)]");
    }
}

/// Asks through the class whatever happens to the replica, as told on standard input.
const ASKS: &str = "
import sys
sys.path.insert(0, sys.argv[1])
from replica import Replica
replica = Replica(sys.argv[2])
print('ready', flush=True)
for query in sys.stdin:
    answer = replica.ask(query.strip())
    print(answer.rows, answer.generation, answer.fresh, flush=True)
";

#[tokio::test]
async fn the_python_example_keeps_the_last_good_data_when_a_read_fails() {
    use std::io::Write as _;
    for python in pythons_with_duckdb() {
        let world = published().await;
        let folder = example("");
        let arguments = ["-c", ASKS, folder.to_str().unwrap(), world.replica().to_str().unwrap()].map(str::to_owned);
        let mut reader = Example::start(Command::new(python).args(arguments).stdin(Stdio::piped()));
        assert_eq!(reader.hear(), "ready");
        let mut input = reader.process.stdin.take().unwrap();
        let mut ask = |query: &str| {
            writeln!(input, "{query}").unwrap();
            reader.hear()
        };
        assert_eq!(ask("select count(*) from t"), "[(1,)] 1 True");
        let manifest = PathBuf::from(format!("{}.json", world.replica().display()));
        let told = std::fs::read(&manifest).unwrap();
        for broken in [b"".as_slice(), b"{", br#"{"generation": 7, "file": "gone.db"}"#] {
            std::fs::write(&manifest, broken).unwrap();
            assert_eq!(ask("select count(*) from t"), "[(1,)] 1 False");
        }
        std::fs::remove_file(&manifest).unwrap();
        assert_eq!(ask("select count(*) from t"), "[(1,)] 1 False");
        std::fs::write(&manifest, told).unwrap();
        assert_eq!(ask("select count(*) from t"), "[(1,)] 1 True");
        // A query that the new generation can no longer answer has its last good answer, too.
        world.write("alter table t rename to renamed").await;
        world.publish().await.unwrap();
        assert_eq!(ask("select count(*) from t"), "[(1,)] 1 False");
        assert_eq!(ask("select count(*) from renamed"), "[(1,)] 2 True");
        drop(input);
    }
}

#[tokio::test]
async fn the_rust_example_goes_over_to_a_new_generation() {
    let program = Path::new(env!("CARGO_BIN_EXE_windlass")).with_file_name("examples").join("read_replica");
    if !program.exists() {
        skipped("the example read_replica is not built; `cargo test` without a choice of targets builds it");
        return;
    }
    let world = published().await;
    let query = "select count(*) from t";
    let mut reader = Example::start(Command::new(program).arg(world.replica()).arg(query));
    assert_eq!(reader.hear(), "generation 1: 1");
    publish_another(&world).await;
    assert_eq!(reader.hear(), "generation 2: 2");
}

#[tokio::test]
async fn the_shell_example_makes_its_report_anew_for_a_new_generation_only() {
    let Some(shell) = shell_of_duckdb() else { return };
    let path = format!("{}:/usr/bin:/bin", shell.parent().unwrap().display());
    let world = published().await;
    let report = world.folder.path().join("report.csv");
    let run = || {
        let mut command = Command::new(example("report"));
        command.arg(world.replica()).arg("select count(*) as n from t").arg(&report).env("PATH", &path);
        command.output().unwrap()
    };
    let read = || std::fs::read_to_string(&report).unwrap();
    let first = run();
    assert!(first.status.success(), "{first:?}");
    assert_eq!(read(), "n\n1\n");
    std::fs::write(&report, "mine").unwrap();
    assert!(run().status.success());
    assert_eq!(read(), "mine");
    publish_another(&world).await;
    assert!(run().status.success());
    assert_eq!(read(), "n\n2\n");
    std::fs::remove_file(format!("{}.json", world.replica().display())).unwrap();
    assert!(!run().status.success());
    assert_eq!(read(), "n\n2\n");
}

/// Serves a folder over HTTP and says where.
const SERVES: &str = "
import functools, http.server, sys
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler)
print(f'http://127.0.0.1:{server.server_port}', flush=True)
server.serve_forever()
";

#[tokio::test]
async fn the_fetching_example_keeps_a_whole_copy_of_a_replica_behind_http() {
    let Some(python) = python_with_duckdb() else { return };
    let world = published().await;
    let folder = world.replica().parent().unwrap().to_owned();
    let serve = ["-c", SERVES, folder.to_str().unwrap()];
    let mut server = Example::start(Command::new(&python).args(serve).stderr(Stdio::null()));
    let address = format!("{}/{}", server.hear(), world.replica().file_name().unwrap().to_str().unwrap());
    let copy = world.folder.path().join("copy.db");
    let fetch = || {
        let output = Command::new(&python).arg(example("fetch.py")).arg(&address).arg(&copy).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &*String::from_utf8_lossy(&output.stderr);
        said.trim_end().to_owned()
    };
    let count = || ask(&copy, "select count(*) from t");
    assert_eq!((fetch().as_str(), count().as_str()), ("fetched", "1"));
    assert_eq!(fetch(), "nothing new");
    publish_another(&world).await;
    // Damaged on the way, as far as the reader can tell.
    let manifest = PathBuf::from(format!("{}.json", world.replica().display()));
    let told = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, told.replace("\"sha256\": \"", "\"sha256\": \"0")).unwrap();
    let said = fetch();
    assert!(said.contains("was not fetched whole"), "{said}");
    assert_eq!(count(), "1");
    std::fs::write(&manifest, told).unwrap();
    assert_eq!((fetch().as_str(), count().as_str()), ("fetched", "2"));
    // The copy is read like any replica.
    let arguments = [example("replica.py"), copy.clone(), "select count(*) from t".into()];
    assert_eq!(Example::start(Command::new(&python).args(arguments)).hear(), "generation 2: [(2,)]");
}

#[tokio::test]
async fn the_settings_for_jdbc_are_settings_of_duckdb() {
    let world = published().await;
    let text = std::fs::read_to_string(example("jdbc.properties")).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut config = duckdb::Config::default();
    for (key, value) in lines.map(|line| line.split_once('=').unwrap()) {
        // The driver's own name for it.
        let key = if key == "duckdb.read_only" { "access_mode" } else { key };
        let value = if key == "access_mode" { "read_only" } else { value };
        config = config.with(key, value).unwrap();
    }
    let reader = duckdb::Connection::open_with_flags(world.replica(), config).unwrap();
    let refused = reader.execute_batch("insert into t values (9)").unwrap_err();
    assert!(refused.to_string().contains("read-only"), "{refused}");
}
