//! A server of a test's own, for settings that the shared one can't have: TCP, passwords, few workers.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use windlass::postgres::Server;
use windlass::postgres::embedded::{Embedded, EmbeddedSettings};

use super::database::TestDatabase;
use super::keeper::Keeper;
use super::skipped;
use super::versions::programs_of;

/// A server that goes, with its folder, when it is dropped.
pub(crate) struct PrivateServer {
    // Before the keeper: that one waits until the server is down.
    embedded: Embedded,
    tcp_port: Option<u16>,
    _keeper: Keeper,
}

impl PrivateServer {
    /// Starts one with settings such as `max_parallel_workers=2`; with `tcp` it also listens on a free port of
    /// 127.0.0.1, where a password is asked for (scram-sha-256).
    pub(crate) async fn start(settings: &[&str], tcp: bool) -> Self {
        Self::start_from(None, settings, tcp).await
    }

    /// The same of that major version; `None`, with the reason printed, where it can't be had.
    pub(crate) async fn start_of(major: u32, settings: &[&str], tcp: bool) -> Option<Self> {
        Some(Self::start_from(Some(programs_of(major)?), settings, tcp).await)
    }

    /// One whose data directory is a file system in memory of that many megabytes; `None`, with the reason printed, where
    /// that isn't allowed.
    pub(crate) async fn start_on_small_disk(megabytes: u32, settings: &[&str]) -> Option<Self> {
        Some(Self::start_in(Keeper::on_small_disk(megabytes)?, None, settings, false).await)
    }

    async fn start_from(programs: Option<PathBuf>, settings: &[&str], tcp: bool) -> Self {
        Self::start_in(Keeper::new(), programs, settings, tcp).await
    }

    async fn start_in(keeper: Keeper, programs: Option<PathBuf>, settings: &[&str], tcp: bool) -> Self {
        let mut options = BTreeMap::from([("fsync".to_owned(), "off".to_owned())]);
        for setting in settings {
            let (name, value) = setting.trim_start_matches("-c ").split_once('=').unwrap();
            options.insert(name.to_owned(), value.to_owned());
        }
        let tcp_port = tcp.then(free_port);
        if let Some(port) = tcp_port {
            options.insert("listen_addresses".to_owned(), "127.0.0.1".to_owned());
            options.insert("port".to_owned(), port.to_string());
        }
        let embedded =
            Embedded::start(EmbeddedSettings { data_dir: keeper.path().into(), options, programs }).await.unwrap();
        let server = Self { embedded, tcp_port, _keeper: keeper };
        if tcp {
            server.ask_for_passwords().await;
        }
        server
    }

    /// A database over the Unix socket, as superuser.
    pub(crate) fn server(&self, database: &str) -> Server {
        self.embedded.server(database)
    }

    /// A fresh database, dropped at the end of the test.
    pub(crate) async fn database(&self) -> TestDatabase {
        TestDatabase::make(&self.embedded).await
    }

    /// One of PostgreSQL's programs, to be run as the server's user.
    pub(crate) fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.embedded.binaries().program(name));
        command.stdin(Stdio::null()).current_dir("/");
        let data = std::fs::metadata(self.embedded.data()).unwrap();
        if nix::unistd::geteuid().is_root() {
            command.uid(data.uid()).gid(data.gid());
        }
        command
    }

    /// `psql` in its first database; `None`, with the reason printed, where the installation has none.
    pub(crate) fn psql(&self) -> Option<Command> {
        if !self.embedded.binaries().program("psql").is_file() {
            skipped("psql is not beside the server's programs");
            return None;
        }
        let mut command = self.program("psql");
        command.args(["--no-psqlrc", "--quiet", "--dbname", &self.embedded.url("postgres")]);
        Some(command)
    }

    /// Restarts it: `fast` or `immediate`.
    pub(crate) async fn restart(&self, how: &str) {
        let mut command = self.program("pg_ctl");
        command.args(["restart", "--silent", "-w", "-m", how, "-D"]).arg(self.embedded.data());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let restarted = tokio::task::spawn_blocking(move || command.status()).await.unwrap().unwrap();
        assert!(restarted.success());
    }

    /// Makes it stand still, with all of its processes: connections stay open and nothing answers. `thaw` lets it go on.
    pub(crate) fn freeze(&self) {
        self.signal(Signal::SIGSTOP);
    }

    /// Lets a frozen server go on.
    pub(crate) fn thaw(&self) {
        self.signal(Signal::SIGCONT);
    }

    /// Kills all of its processes, as when its machine loses power. It isn't started again.
    pub(crate) fn kill(&self) {
        // Standing still, none of them can start another or notice that the first is gone.
        self.freeze();
        self.signal(Signal::SIGKILL);
        // Whoever stops it at the end has nothing to wait for.
        std::fs::remove_file(self.embedded.data().join("postmaster.pid")).unwrap();
    }

    /// Signals the server's first process, then those that it has started.
    fn signal(&self, signal: Signal) {
        let file = std::fs::read_to_string(self.embedded.data().join("postmaster.pid")).unwrap();
        let first = file.lines().next().unwrap().to_owned();
        let mut processes = vec![Pid::from_raw(first.parse().unwrap())];
        for stat in std::fs::read_dir("/proc").unwrap().flatten() {
            let Ok(stat) = std::fs::read_to_string(stat.path().join("stat")) else { continue };
            let Some((head, tail)) = stat.rsplit_once(") ") else { continue };
            if tail.split(' ').nth(1) == Some(&first) {
                processes.push(Pid::from_raw(head.split(' ').next().unwrap().parse().unwrap()));
            }
        }
        for (at, process) in processes.into_iter().enumerate() {
            let signalled = kill(process, signal);
            // Another than the first may have ended by itself meanwhile.
            assert!(at > 0 || signalled.is_ok(), "{signalled:?}");
        }
    }

    /// A hot standby of it; `None`, with the reason printed, where the installation has no `pg_basebackup`.
    pub(crate) async fn standby(&self, settings: &[&str]) -> Option<Self> {
        if !self.embedded.binaries().program("pg_basebackup").is_file() {
            skipped("a standby can't be made without pg_basebackup");
            return None;
        }
        let keeper = Keeper::new();
        let data = keeper.path().join("postgres");
        std::fs::create_dir(&data).unwrap();
        std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o700)).unwrap();
        let owner = std::fs::metadata(self.embedded.data()).unwrap();
        std::os::unix::fs::chown(&data, Some(owner.uid()), Some(owner.gid())).unwrap();
        let mut copying = self.program("pg_basebackup");
        let url = self.embedded.url("postgres");
        copying
            .args(["--checkpoint=fast", "--no-sync", "--write-recovery-conf", "--dbname", &url, "--pgdata"])
            .arg(&data);
        let copied = tokio::task::spawn_blocking(move || copying.output()).await.unwrap().unwrap();
        assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));
        Some(Self::start_in(keeper, None, settings, false).await)
    }

    /// The embedded server behind it.
    pub(crate) const fn embedded(&self) -> &Embedded {
        &self.embedded
    }

    /// The port on 127.0.0.1.
    pub(crate) fn tcp_port(&self) -> u16 {
        self.tcp_port.unwrap()
    }

    async fn ask_for_passwords(&self) {
        let path = self.embedded.data().join("pg_hba.conf");
        let rules = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("host all all 127.0.0.1/32 scram-sha-256\n{rules}")).unwrap();
        let session = self.server("postgres").connect("test-admin").await.unwrap();
        session.client().batch_execute("select pg_reload_conf()").await.unwrap();
        // The reload is a signal; the rules count when this view shows them and new connections get them.
        let loaded = "select pg_conf_load_time() > now() - interval '1 minute'";
        assert!(session.client().query_one(loaded, &[]).await.unwrap().get::<_, bool>(0));
    }
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}
