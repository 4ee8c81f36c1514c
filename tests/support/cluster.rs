//! A private PostgreSQL cluster for tests that need TCP, passwords or TLS of their own making.
//!
//! The server runs below a shell that waits for the end of its standard input: when the tests end, however they end,
//! the server ends and its folder is removed.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use nix::unistd::{Uid, User, chown};

/// The superuser's password, and that of every user that tests log in as.
pub(crate) const PASSWORD: &str = "열려라 참깨";

/// A running cluster.
pub(crate) struct Cluster {
    /// The TCP port, on 127.0.0.1.
    pub(crate) port: u16,
    directory: PathBuf,
    _shell: Child,
}

impl Cluster {
    /// The cluster that most tests share: TCP with passwords, TLS offered, trust on the Unix socket.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(true))
    }

    /// The same without TLS.
    pub(crate) fn without_tls() -> &'static Self {
        static PLAIN: OnceLock<Cluster> = OnceLock::new();
        PLAIN.get_or_init(|| Self::start(false))
    }

    /// Address of a database over the Unix socket, as superuser.
    pub(crate) fn url(&self, database: &str) -> String {
        let host = self.directory.display().to_string().replace('/', "%2F");
        format!("postgres://windlass@{host}:{}/{database}", self.port)
    }

    /// A new database of that name.
    pub(crate) async fn database(&self, name: &str) -> windlass::postgres::Server {
        let session = server(&self.url("postgres")).connect("test").await.unwrap();
        let quoted = windlass::postgres::Ident::new(name);
        session.execute(&format!("create database {quoted}"), "creating a database").await.unwrap();
        session.close().await;
        server(&self.url("postgres")).database(name)
    }

    fn start(tls: bool) -> Self {
        let directory = tempfile::Builder::new().prefix("windlass-test-").tempdir().unwrap().keep();
        let owner = if Uid::effective().is_root() { unprivileged() } else { None };
        if let Some(user) = &owner {
            chown(&directory, Some(user.uid), Some(user.gid)).unwrap();
        }
        let port = free_port();
        let data = directory.join("data");
        let bin = programs();
        fs::write(directory.join("password"), PASSWORD).unwrap();
        let mut initdb = Command::new(bin.join("initdb"));
        initdb.args(["-U", "windlass", "-E", "UTF8", "--locale=C.UTF-8", "-A", "scram-sha-256", "--no-sync", "-D"]);
        initdb.arg(&data).arg(format!("--pwfile={}", directory.join("password").display()));
        let made = as_user(&mut initdb, owner.as_ref()).current_dir(&directory).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        fs::write(data.join("pg_hba.conf"), HBA).unwrap();
        let mut settings = format!(
            "listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = '{}'\nfsync = off\n\
             max_connections = 200\n",
            directory.display()
        );
        if tls {
            let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/postgres/tls");
            for name in ["server.pem", "server.key"] {
                fs::copy(fixtures.join(name), data.join(name)).unwrap();
            }
            fs::set_permissions(data.join("server.key"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
            if let Some(user) = &owner {
                chown(&data.join("server.key"), Some(user.uid), Some(user.gid)).unwrap();
            }
            settings.push_str("ssl = on\nssl_cert_file = 'server.pem'\nssl_key_file = 'server.key'\n");
        }
        let conf = data.join("postgresql.conf");
        fs::write(&conf, fs::read_to_string(&conf).unwrap() + &settings).unwrap();
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(SHELL).arg("sh").arg(bin.join("postgres")).arg(&directory);
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).current_dir(&directory);
        shell.stderr(fs::File::create(directory.join("log")).unwrap());
        let shell = as_user(&mut shell, owner.as_ref()).process_group(0).spawn().unwrap();
        let cluster = Self { port, directory, _shell: shell };
        cluster.wait();
        cluster
    }

    fn wait(&self) {
        let deadline = Instant::now() + Duration::from_secs(30);
        let ready = self.directory.join("data/postmaster.pid");
        while !fs::read_to_string(&ready)
            .is_ok_and(|text| text.lines().nth(7).is_some_and(|line| line.trim() == "ready"))
        {
            let log = fs::read_to_string(self.directory.join("log")).unwrap_or_default();
            assert!(Instant::now() < deadline, "the test server did not start: {log}");
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }
}

/// The server ends at once when nobody is left who writes to the shell.
const SHELL: &str = "trap '' INT TERM HUP; \"$1\" -D \"$2/data\" & server=$!; cat >/dev/null; \
                     kill -QUIT $server; wait $server; cd /; rm -rf \"$2\"";

/// `tlsonly` may log in with TLS only, `stranger` not at all.
const HBA: &str = "local all all trust\n\
                   host all stranger all reject\n\
                   hostssl all tlsonly 127.0.0.1/32 scram-sha-256\n\
                   hostnossl all tlsonly 127.0.0.1/32 reject\n\
                   host all all 127.0.0.1/32 scram-sha-256\n";

/// The server of an address that is right.
pub(crate) fn server(url: &str) -> windlass::postgres::Server {
    windlass::postgres::Server::from_url(url, None).unwrap()
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn as_user<'a>(command: &'a mut Command, user: Option<&User>) -> &'a mut Command {
    match user {
        Some(user) => command.uid(user.uid.as_raw()).gid(user.gid.as_raw()),
        None => command,
    }
}

fn unprivileged() -> Option<User> {
    ["postgres", "nobody"].iter().find_map(|name| User::from_name(name).ok().flatten())
}

/// The folder of the newest PostgreSQL programs.
fn programs() -> PathBuf {
    let found = glob::glob("/usr/lib/postgresql/*/bin/postgres").unwrap().filter_map(Result::ok);
    let on_path = Command::new("pg_config")
        .arg("--bindir")
        .output()
        .ok()
        .map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()).join("postgres"));
    let mut all: Vec<PathBuf> = found.chain(on_path).filter(|path| path.exists()).collect();
    all.sort();
    all.pop()
        .and_then(|path| path.parent().map(Path::to_path_buf))
        .expect("PostgreSQL's programs are needed for the tests")
}
