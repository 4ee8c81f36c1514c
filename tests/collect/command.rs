//! Programs whose output is data.

use std::time::Duration;

use windlass::domain::code::Code;
use windlass::domain::failure::{FailureClass, Side};
use windlass::domain::step::{BodyFormat, CollectSource, CommandSource, CommandStep};

use super::world::{BOTH, To, World};

fn shell(script: &str, format: BodyFormat) -> CollectSource {
    let command = CommandStep {
        program: "sh".into(),
        args: vec!["-c".into(), script.into()],
        env: vec![("WHO".to_owned(), "{{ params.who }}".into())],
        cwd: None,
        user: None,
        grace: Duration::from_millis(300),
    };
    CollectSource::Command(Box::new(CommandSource { command, format, records: None, max_bytes: 100_000 }))
}

async fn world(to: To, script: &str, format: BodyFormat) -> World {
    let mut world = World::new(to, shell(script, format)).await;
    world.context.scope.params.insert("who".to_owned(), "\u{ae40}".into());
    world
}

#[tokio::test]
async fn what_a_program_writes_is_loaded_and_its_complaints_are_logged() {
    for to in BOTH {
        let script = "echo careful >&2; printf 'a,who\\n1,%s\\n2,x\\n' \"$WHO\"";
        let world = world(to, script, BodyFormat::Csv).await;
        assert_eq!(world.run().await.unwrap().rows, Some(2));
        assert_eq!(world.value("select sum(a) || max(who) from t").await, "3김");
        assert!(world.host.find("careful").is_some());
        world.close().await;
    }
    let world = world(To::DuckDb, "echo '{\"a\": 1}'; echo '{\"a\": 2, \"b\": \"x\"}'", BodyFormat::Ndjson).await;
    assert_eq!(world.run().await.unwrap().rows, Some(2));
}

#[tokio::test]
async fn output_of_a_program_that_failed_or_says_too_much_is_not_loaded() {
    let failing = world(To::DuckDb, "echo a; echo 1; echo 'no more' >&2; exit 3", BodyFormat::Csv).await;
    let failure = failing.failure().await;
    assert_eq!((failure.code, failure.class), (Code::CommandFailed, FailureClass::Transient));
    assert!(failure.message.contains("exit code 3") && failure.message.contains("no more"), "{failure}");

    let endless = world(To::DuckDb, "echo $$ > pid; while true; do echo 123456789; done", BodyFormat::Csv).await;
    let failure = endless.failure().await;
    assert_eq!((failure.code, failure.side), (Code::BodyFormat, Side::Source), "{failure}");
    assert!(failure.message.contains("max_bytes") && failure.message.contains("`sh`"), "{failure}");
    let pid = std::fs::read_to_string(endless.folder.path().join("pid")).unwrap();
    assert!(!std::path::Path::new("/proc").join(pid.trim()).exists(), "the program still runs");
    assert!(!failing.file_exists() && !endless.file_exists());
}

#[tokio::test]
async fn a_stop_ends_the_program_and_what_it_started() {
    let script = "trap '' TERM; sleep 1000 & echo $! > child; echo started >&2; wait; sleep 1000";
    let world = world(To::DuckDb, script, BodyFormat::Csv).await;
    let stopping = async {
        world.host.line_with("started").await;
        world.context.stop.cancel();
    };
    let (result, ()) = tokio::join!(world.run(), stopping);
    assert_eq!(result.unwrap_err().class, FailureClass::Cancelled);
    let child = std::fs::read_to_string(world.folder.path().join("child")).unwrap();
    assert!(!std::path::Path::new("/proc").join(child.trim()).exists(), "what the program started still runs");
}
