//! What other processes do with replicas: publish on a disk that fills up, as somebody else, or until they are killed.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use windlass::domain::failure::Failure;
use windlass::domain::ids::RunId;
use windlass::domain::outcome::Outcome;
use windlass::domain::step::StepKind;
use windlass::duckdb::DuckDbFile;
use windlass::steps::{Connection, StepContext};

use super::world::{ask, names_in, publish_step};
use crate::duckdb::process::{say, wait_for_end};
use crate::support::host::{MemoryHost, attempt};

/// Plays a role.
pub(crate) fn play(role: &str, arguments: &[&str]) {
    match (role, arguments) {
        ("publish-full", [master, replica, method, phase]) => full(&Publisher::new(master, replica, method), phase),
        ("publish-as", [master, replica, user]) => {
            let publisher = Publisher::new(master, replica, "auto");
            become_somebody(user);
            say(serde_json::to_string(&publisher.publish().unwrap_err()).unwrap());
            say(format!("{:?}", publisher.beside()));
        }
        ("open-as", [replica, user]) => {
            become_somebody(user);
            let opened = duckdb::Connection::open(replica);
            say(opened.err().map_or_else(|| "opened".to_owned(), |error| error.to_string()));
            say(ask(Path::new(replica), "select count(*) from prices"));
        }
        ("publish-run", [master, replica, method, run]) => {
            let mut publisher = Publisher::new(master, replica, method);
            publisher.context.run = RunId(run.parse().unwrap());
            say("begun");
            publisher.publish().unwrap();
            say("done");
            wait_for_end();
        }
        other => panic!("no such role: {other:?}"),
    }
}

/// Gives up being root.
fn become_somebody(user: &str) {
    nix::unistd::setgroups(&[]).unwrap();
    nix::unistd::setuid(user.parse::<u32>().unwrap().into()).unwrap();
}

struct Publisher {
    context: StepContext,
    host: Arc<MemoryHost>,
    kind: StepKind,
    replica: std::path::PathBuf,
}

impl Publisher {
    fn new(master: &str, replica: &str, method: &str) -> Self {
        let replica = Path::new(replica).to_path_buf();
        let market = Connection::DuckDb(DuckDbFile::new(master.into()));
        let (context, host) = attempt(replica.parent().unwrap(), BTreeMap::from([("market".to_owned(), market)]));
        let method = serde_json::from_value(serde_json::Value::from(method)).unwrap();
        let step = publish_step(replica.file_name().unwrap().to_str().unwrap(), method);
        Self { context, host, kind: StepKind::PublishReplica(step), replica }
    }

    fn publish(&self) -> Result<Outcome, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(windlass::steps::run(&self.kind, &self.context))
    }

    fn beside(&self) -> Vec<String> {
        names_in(self.replica.parent().unwrap())
    }
}

/// Publishes, then again while the disk fills up as a phase begins, then once more. Says the failure in the middle, what
/// was there after it, what a reader saw, and which generation came of the last.
fn full(publisher: &Publisher, phase: &str) {
    publisher.publish().unwrap();
    let filler = publisher.replica.with_file_name("filler");
    let (filling, phase) = (filler.clone(), phase.to_owned());
    *publisher.host.at_progress.lock().unwrap() = Some(Box::new(move |progress| {
        if progress.phase.starts_with(&phase) {
            let mut file = std::fs::File::create(&filling).unwrap();
            // In ever smaller pieces, so that not a page is left.
            for size in [1 << 20, 1 << 12, 1] {
                while file.write_all(&vec![0; size]).is_ok() {}
            }
        }
    }));
    say(serde_json::to_string(&publisher.publish().unwrap_err()).unwrap());
    std::fs::remove_file(filler).unwrap();
    *publisher.host.at_progress.lock().unwrap() = None;
    let folder = publisher.replica.with_file_name("stock_data_replica.db.generations");
    say(format!("{:?} {:?}", publisher.beside(), names_in(&folder)));
    say(ask(&publisher.replica, "select count(*) from much"));
    say(publisher.publish().unwrap().generation.unwrap());
}
