//! A source behind `PgBouncer` in transaction mode: a session there is whatever server connection is free, for as long
//! as a transaction lasts.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tokio_postgres::Config;
use tokio_postgres::config::Host;
use windlass::postgres::Server;

use super::Copy;
use crate::support::{TestDatabase, eventually, skipped};

/// A `PgBouncer` that goes when it is dropped.
struct Pooler {
    process: Child,
    folder: tempfile::TempDir,
}

impl Pooler {
    /// Starts one before a database; `None`, with the reason printed, where there is no `PgBouncer`.
    fn start(program: &Path, database: &TestDatabase, pool_size: u32) -> Self {
        let behind: Config = database.url().parse().unwrap();
        let [Host::Unix(socket)] = behind.get_hosts() else { panic!("the shared server has one socket") };
        let (port, user) = (behind.get_ports()[0], behind.get_user().unwrap());
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let place = folder.path().display();
        let settings = format!(
            "[databases]\n* = host={} port={port} user={user}\n[pgbouncer]\nlisten_addr =\nlisten_port = 6432\n\
             unix_socket_dir = {place}\nauth_type = any\npool_mode = transaction\ndefault_pool_size = {pool_size}\n\
             max_db_connections = {pool_size}\n",
            socket.display()
        );
        let file = folder.path().join("pgbouncer.ini");
        fs::write(&file, settings).unwrap();
        // The server's user may not look into the folder that the program is in.
        let own = folder.path().join("pgbouncer");
        fs::copy(program, &own).unwrap();
        for library in fs::read_dir(program.parent().unwrap().with_file_name("lib")).into_iter().flatten().flatten() {
            fs::copy(library.path(), folder.path().join(library.file_name())).unwrap();
        }
        let mut command = Command::new(own);
        command
            .env("LD_LIBRARY_PATH", folder.path())
            .arg("--quiet")
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // It refuses to run as root, as PostgreSQL does; the server's own user will do.
        let owner = fs::metadata(socket).unwrap();
        if owner.uid() != fs::metadata(folder.path()).unwrap().uid() {
            chown(folder.path(), Some(owner.uid()), Some(owner.gid())).unwrap();
            command.uid(owner.uid()).gid(owner.gid());
        }
        Self { process: command.spawn().unwrap(), folder }
    }

    fn server(&self, database: &TestDatabase) -> Server {
        let place = self.folder.path().display().to_string().replace('/', "%2F");
        Server::from_url(&format!("postgres://reader@{place}:6432/{}", database.name()), None).unwrap()
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

#[expect(clippy::disallowed_methods, reason = "programs that tests need are found as the shell finds them")]
fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join("pgbouncer")).find(|program| program.is_file());
    if found.is_none() {
        skipped("pgbouncer is not here; `scripts/test` fetches it");
    }
    found
}

#[tokio::test]
async fn one_stream_needs_one_connection_of_the_pool_and_several_need_several() {
    let Some(program) = program() else { return };
    let make =
        "create table t as select g as id, repeat(md5(g::text), 14) as v from generate_series(1, 100000) g; analyze t";
    let mut copy = Copy::of("t", "t", make, "create table t (id int primary key, v text)").await;
    for (pool_size, streams) in [(1, 1), (4, 2)] {
        let pooler = Pooler::start(&program, &copy.source, pool_size);
        let server = pooler.server(&copy.source);
        eventually("the pooler answers", async || match server.connect("ready").await {
            Ok(session) => {
                session.close().await;
                true
            }
            Err(_) => false,
        })
        .await;
        copy.read_from(server.clone());
        copy.step.streams = streams;
        // Others use the pool as well.
        for _ in 0..3 {
            let outcome = copy.run().await.unwrap();
            assert_eq!((outcome.rows, outcome.streams), (Some(100_000), Some(streams)));
            let other = server.connect("another program").await.unwrap();
            assert_eq!(other.query_one("select 1", &[], "reading").await.unwrap().get::<_, i32>(0), 1);
            other.close().await;
        }
        assert_eq!(copy.target.value("select count(*) || ',' || sum(id) from t").await, "100000,5000050000");
        drop(pooler);
        // What the pooler kept open goes with it.
        let kept =
            "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
        eventually("the pooler's connections are gone", async || copy.source.value(kept).await == "0").await;
    }
    copy.close().await;
}
