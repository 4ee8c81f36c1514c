//! Three daemons in networks of their own, as on three machines, cut off in turn from the database and so from each other.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::write_settings;
use crate::cli::folder::{Folder, windlass};
use crate::support::flags::note;
use crate::support::{PrivateServer, eventually, skipped};

/// What a daemon's machine does before the daemon starts: it waits for its line.
const BOOT: &str = r#"until ip link show "$1" >/dev/null 2>&1; do sleep 0.02; done
    ip link set lo up; ip addr add "$2/24" dev "$1"; ip link set "$1" up; shift 2; exec "$@""#;

/// Where the database is.
const DATABASE: &str = "10.77.0.1";

fn ip(arguments: &str) {
    let output = Command::new("ip").args(arguments.split(' ')).output().unwrap();
    assert!(output.status.success(), "ip {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A machine with a daemon; killed when it is dropped.
struct Machine {
    number: usize,
    daemon: Child,
}

impl Machine {
    fn start(folder: &Folder, number: usize) -> Self {
        let (line, log) = (format!("m{number}"), folder.path(&format!("{number}.log")));
        let serve = windlass(&["serve"]);
        let mut command = Command::new("unshare");
        command.args(["--net", "sh", "-c", BOOT, "sh", &line, &format!("10.77.0.{}", number + 10)]);
        command.arg(serve.get_program()).args(serve.get_args()).env_remove("WINDLASS_CONFIG").env("NO_COLOR", "1");
        command.current_dir(folder.path("")).stdin(Stdio::null()).stdout(Stdio::null());
        let daemon = command.stderr(std::fs::File::create(log).unwrap()).spawn().unwrap();
        ip(&format!("link add h{number} type veth peer name {line}"));
        ip(&format!("link set h{number} master switch up"));
        // It is refused while the child is still on its way into its own network.
        let deadline = Instant::now() + Duration::from_mins(1);
        let moved = || {
            let there = std::fs::read_link(format!("/proc/{}/ns/net", daemon.id())).ok();
            there.is_some() && there != std::fs::read_link("/proc/self/ns/net").ok()
        };
        while !moved() {
            assert!(Instant::now() < deadline);
        }
        ip(&format!("link set {line} netns {}", daemon.id()));
        Self { number, daemon }
    }

    /// Pulls its plug, or puts it in again.
    fn plug(&self, state: &str) {
        ip(&format!("link set h{} {state}", self.number));
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        drop(self.daemon.kill());
        drop(self.daemon.wait());
    }
}

#[test]
fn three_machines_are_cut_off_in_turn_and_no_due_time_is_lost_or_runs_twice() {
    let inside = ["--exact", "deploy::machines::inside", "--ignored", "--nocapture"];
    let own_network = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--net", "sh", "-c", script, "sh"]);
        command
    };
    let possible = "ip link set lo up && ip link add switch type bridge && ip link add near type veth peer name far";
    if !own_network(possible).output().is_ok_and(|output| output.status.success()) {
        skipped("networks of their own take root, `unshare` and `ip`, and a kernel with bridges");
        return;
    }
    let script = r#"ip link set lo up; ip link add switch type bridge; ip addr add 10.77.0.1/24 dev switch; ip link set switch up; exec "$@""#;
    let output = own_network(script).arg(std::env::current_exe().unwrap()).args(inside).output().unwrap();
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    // The figures of docs/SCALING.md.
    said.lines().filter(|line| line.starts_with("measured: ")).for_each(note);
}

/// The state database, its server and its clients.
struct World {
    _server: PrivateServer,
    admin: windlass::postgres::Session,
    folder: Folder,
    machines: Vec<Machine>,
}

impl World {
    async fn new() -> Self {
        let server = PrivateServer::start(&["listen_addresses=*", "port=5432"], false).await;
        let rules = server.embedded().data().join("pg_hba.conf");
        let local = std::fs::read_to_string(&rules).unwrap();
        std::fs::write(&rules, format!("host all all 10.77.0.0/24 trust\n{local}")).unwrap();
        let admin = server.server("postgres").connect("test-admin").await.unwrap();
        admin.client().batch_execute("select pg_reload_conf(); create table did (due timestamptz)").await.unwrap();
        let folder = Folder::new().await;
        let url = format!("postgres://windlass@{DATABASE}:5432/postgres");
        // The address is another one on each machine.
        write_settings(&folder, &url, "127.0.0.1:8321", &[("pg", &url)]);
        let step = "sql: {connection: pg, statement: \"insert into did values ({{ run.scheduled_for }})\"}";
        let job = format!("job: tick\nschedule: {{every: 1s, missed: all}}\nsteps:\n  - id: a\n    {step}\n");
        folder.write("jobs/tick.yaml", &job);
        let machines = (1..=3).map(|number| Machine::start(&folder, number)).collect();
        let world = Self { _server: server, admin, folder, machines };
        world.leases(3).await;
        world
    }

    async fn count(&self, question: &str) -> i64 {
        self.admin.client().query_one(question, &[]).await.unwrap().get(0)
    }

    /// Waits until so many daemons hold a lease.
    async fn leases(&self, wanted: i64) {
        let leases = "select count(*) from windlass.daemon where lease_until > now() and ended_at is null";
        let there = "select (to_regclass('windlass.daemon') is not null)::int::bigint";
        let holds = async || self.count(there).await == 1 && self.count(leases).await == wanted;
        eventually(&format!("{wanted} leases"), holds).await;
    }

    /// Waits until work that was due after this moment is done, and tells how long that took.
    async fn works_again(&self, what: &str) {
        let since = Instant::now();
        let from: chrono::DateTime<chrono::Utc> =
            self.admin.client().query_one("select now()", &[]).await.unwrap().get(0);
        let done = format!("select count(*) from did where due > '{from}'");
        eventually(what, async || self.count(&done).await > 0).await;
        note(&format!(
            "measured: {what}: the next due time's run succeeded after {:.1} s",
            since.elapsed().as_secs_f64()
        ));
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the test above runs it in a network of its own"]
async fn inside() {
    let world = World::new().await;
    world.works_again("three daemons").await;
    for machine in &world.machines {
        machine.plug("down");
        world.works_again(&format!("daemon {} is cut off", machine.number)).await;
        let cut = Instant::now();
        world.leases(2).await;
        note(&format!("measured: it was given up {:.1} s later", cut.elapsed().as_secs_f64()));
        machine.plug("up");
        let back = Instant::now();
        world.leases(3).await;
        note(&format!(
            "measured: it was back, as another daemon, {:.1} s after its line",
            back.elapsed().as_secs_f64()
        ));
    }
    // All at once: that is the database being away for longer than a lease.
    world.machines.iter().for_each(|machine| machine.plug("down"));
    world.leases(0).await;
    world.machines.iter().for_each(|machine| machine.plug("up"));
    world.works_again("all were cut off for longer than a lease").await;
    world.leases(3).await;

    world.folder.write("jobs/tick.yaml", "job: tick\nsteps: [{id: a, sql: {connection: pg, statement: select 1}}]\n");
    let open = "select count(*) from windlass.run where ended_at is null";
    let idle = "select (next_due is null)::int::bigint from windlass.job where name = 'tick'";
    eventually("all that was due has run", async || world.count(idle).await == 1 && world.count(open).await == 0).await;
    let twice = "select count(*) from (select from did group by due having count(*) > 1) as twice";
    assert_eq!(world.count(twice).await, 0, "a due time ran twice");
    let ran = world.count("select count(*) from windlass.firing where state = 'ran'").await;
    assert_eq!(world.count("select count(*) from did").await, ran, "a due time is missing");
    let gaps = "select count(*) from (select due - lag(due) over (order by due) as apart from did) as pairs where apart <> '1s'";
    assert_eq!(world.count(gaps).await, 0, "a due time is missing");
    note(&format!("measured: {ran} due times, each ran once"));
    world.folder.close().await;
}
