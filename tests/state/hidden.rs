//! Daemons of two users on a machine that hides each other's processes (`hidepid`): what can't be seen isn't gone.

use std::process::Command;

use nix::sys::signal::Signal;

use super::world::World;
use crate::support::{eventually, server, skipped};

/// Becomes an ordinary user in a `/proc` that shows it none but its own processes, and then another program. It may open
/// files anywhere, as folders of tests are root's. Ends with 77 where this can't be had, with 78 where it sees the daemon `$0`.
const HIDDEN: &str = r#"
mount -t proc -o hidepid=2 proc /proc || exit 77
as="setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all,+dac_override --ambient-caps=-all,+dac_override"
$as true || exit 77
$as test -e "/proc/$0" && exit 78
exec $as "$@"
"#;

/// That command in such a place.
fn hidden(from: u32, program: &Command) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "sh", "-c", HIDDEN, &from.to_string()]);
    command.arg(program.get_program()).args(program.get_args());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_whose_process_is_hidden_is_left_alone_and_taken_over_from_once_it_is_gone() {
    if !nix::unistd::geteuid().is_root() {
        skipped("only root can mount a /proc that hides processes");
        return;
    }
    let database = server().database().await;
    let world = World::new(&database.server(), database.url(), 1).await;
    let seen = world.folder.start_command("hidden.log", hidden(world.daemon.id(), &Command::new("true"))).end().await;
    if seen.code == Some(77) {
        skipped(&format!("no /proc that hides processes can be had here: {}", seen.stderr.trim()));
        return;
    }
    seen.ends(0);
    let program = crate::cli::folder::windlass(&["serve"]);
    let other = world.folder.start_command("hidden.log", hidden(world.daemon.id(), &program));
    other.says("ready").await;

    // It looks at its neighbours with each renewal of its lease.
    let lease = format!(
        "select extract(epoch from lease_until)::bigint from windlass.daemon where pid = {} and ended_at is null",
        other.id()
    );
    let before = world.count(&lease).await;
    eventually("it has looked a few times", async || world.count(&lease).await > before + 8).await;
    let lost = "select count(*) from windlass.attempt where state = 'lost'";
    assert_eq!(world.count(lost).await, 0, "{}", other.errors());

    let first = world.daemon.id();
    let World { state, folder, daemon, .. } = world;
    daemon.signal(Signal::SIGKILL);
    drop(daemon.end().await);
    other.says("took over from a daemon that is gone").await;
    let early = format!("select lease_until > ended_at from windlass.daemon where pid = {first}");
    assert!(
        state.client().query_one(&early, &[]).await.unwrap().get::<_, bool>(0),
        "the end of its process was noticed, nobody waited for its lease"
    );
    folder.database.execute("delete from gate").await;
    let long = "select count(*) from windlass.run where job = 'long' and state = 'succeeded'";
    eventually("the long step is done by the other", async || {
        state.client().query_one(long, &[]).await.unwrap().get::<_, i64>(0) == 1
    })
    .await;
    other.signal(Signal::SIGTERM);
    other.end().await.ends(0);
    state.close().await;
    folder.close().await;
    database.close().await;
}
