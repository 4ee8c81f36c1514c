//! A server of a test's own, for settings that the shared one can't have: TCP, passwords, few workers.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::PathBuf;

use windlass::postgres::Server;
use windlass::postgres::embedded::{Embedded, EmbeddedSettings};

use super::keeper::Keeper;
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

    async fn start_from(programs: Option<PathBuf>, settings: &[&str], tcp: bool) -> Self {
        let keeper = Keeper::new();
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
