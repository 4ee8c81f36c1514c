//! Servers that are reached over TCP with passwords, one with TLS and one without.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::sync::OnceLock;

use crate::support::PrivateServer;

/// The password of every user that tests log in as.
pub(super) const PASSWORD: &str = "열려라 참깨";

/// `member` may log in, `tlsonly` with TLS only, `certonly` with its certificate only, `stranger` not at all.
const RULES: &str = "local all all trust\n\
                     host all stranger all reject\n\
                     hostssl all certonly 127.0.0.1/32 cert\n\
                     hostssl all tlsonly 127.0.0.1/32 scram-sha-256\n\
                     hostnossl all tlsonly 127.0.0.1/32 reject\n\
                     host all all 127.0.0.1/32 scram-sha-256\n";

/// A server that goes when the test process ends.
pub(super) struct TcpServer(PrivateServer);

impl TcpServer {
    /// The one that offers TLS; its certificate is for `localhost`.
    pub(super) fn with_tls() -> &'static Self {
        static SERVER: OnceLock<TcpServer> = OnceLock::new();
        SERVER.get_or_init(|| Self::start(true))
    }

    /// The one that doesn't.
    pub(super) fn without_tls() -> &'static Self {
        static SERVER: OnceLock<TcpServer> = OnceLock::new();
        SERVER.get_or_init(|| Self::start(false))
    }

    /// Its port on 127.0.0.1.
    pub(super) fn port(&self) -> u16 {
        self.0.tcp_port()
    }

    /// Its address over the Unix socket.
    pub(super) fn socket_url(&self) -> String {
        self.0.embedded().url("postgres")
    }

    fn start(tls: bool) -> Self {
        // A thread of its own: a runtime can't be started inside the one that a test runs on.
        let starting = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(Self::prepare(tls))
        });
        starting.join().unwrap()
    }

    async fn prepare(tls: bool) -> Self {
        let server = PrivateServer::start(&[], true).await;
        let data = server.embedded().data().to_path_buf();
        fs::write(data.join("pg_hba.conf"), RULES).unwrap();
        let session = server.server("postgres").connect("test-admin").await.unwrap();
        for user in ["member", "tlsonly", "certonly", "stranger"] {
            let make = format!("create role {user} login password '{PASSWORD}'");
            session.execute(&make, "making a user").await.unwrap();
        }
        if tls {
            let owner = fs::metadata(&data).unwrap();
            let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/postgres/tls");
            for name in ["server.pem", "server.key", "client.pem"] {
                let file = data.join(name);
                fs::copy(fixtures.join(name), &file).unwrap();
                fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
                chown(&file, Some(owner.uid()), Some(owner.gid())).unwrap();
            }
            for setting in [
                "ssl_cert_file = 'server.pem'",
                "ssl_key_file = 'server.key'",
                "ssl_ca_file = 'client.pem'",
                "ssl = on",
            ] {
                session.execute(&format!("alter system set {setting}"), "setting").await.unwrap();
            }
        }
        let loaded = "select pg_conf_load_time()::text";
        let before: String = session.query_one(loaded, &[], "looking").await.unwrap().get(0);
        session.execute("select pg_reload_conf()", "reloading").await.unwrap();
        crate::support::eventually("the server has read its settings", async || {
            let fresh = server.server("postgres").connect("test-admin").await.unwrap();
            fresh.query_one(loaded, &[], "looking").await.unwrap().get::<_, String>(0) != before
        })
        .await;
        session.close().await;
        Self(server)
    }
}
