//! What a login that can't work says, and what encrypts it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tokio::net::TcpListener;
use windlass::domain::code::Code;
use windlass::domain::failure::{Failure, FailureClass, Side};
use windlass::postgres::Server;

use super::tcp_server::{PASSWORD, TcpServer};

fn server(url: &str) -> Server {
    Server::from_url(url, None).unwrap()
}

fn tcp(server: &TcpServer, user: &str, host: &str, options: &str) -> Server {
    let url = format!("postgres://{user}@{host}:{}/postgres?{options}", server.port());
    Server::from_url(&url, Some(PASSWORD)).unwrap()
}

fn fixture(name: &str) -> String {
    format!("{}/tests/postgres/tls/{name}", env!("CARGO_MANIFEST_DIR"))
}

async fn refusal(server: &Server) -> Failure {
    match server.connect("login test").await {
        Ok(_) => panic!("{server} should not have let us in"),
        Err(error) => error.on(Side::Source),
    }
}

async fn encrypted(server: &Server) -> bool {
    let session = server.connect("login test").await.unwrap();
    let row =
        session.query_one("select ssl from pg_stat_ssl where pid = $1", &[&session.pid()], "asking").await.unwrap();
    session.close().await;
    row.get(0)
}

#[tokio::test]
async fn a_wrong_password_user_or_database_is_permanent() {
    let with_tls = TcpServer::with_tls();
    let url = format!("postgres://member@127.0.0.1:{}/postgres", with_tls.port());
    for (server, sqlstate) in [
        (Server::from_url(&url, Some("wrong")).unwrap(), Some("28P01")),
        (tcp(with_tls, "nobody%20here", "127.0.0.1", ""), Some("28P01")),
        (tcp(with_tls, "member", "127.0.0.1", "").database("없는 것"), Some("3D000")),
        (Server::from_url(&url, None).unwrap(), None),
    ] {
        let failure = refusal(&server).await;
        assert_eq!((failure.code, failure.class), (Code::PostgresLogin, FailureClass::Permanent), "{failure}");
        assert_eq!(failure.sqlstate.as_deref(), sqlstate, "{failure}");
        assert!(failure.hint.is_some() && !failure.message.contains(PASSWORD), "{failure:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_transient_and_named() {
    // A port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let refused = server(&format!("postgres://u@127.0.0.1:{port}/d"));
    let unknown = server("postgres://u@no-such-host.invalid/d");
    let no_socket = server("postgres://u@%2Fnonexistent/d");
    for server in [refused, unknown, no_socket] {
        let failure = refusal(&server).await;
        assert_eq!((failure.code, failure.class), (Code::PostgresUnreachable, FailureClass::Transient), "{failure}");
        assert!(failure.message.contains(&server.to_string()), "{failure}");
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_does_not_hold_us() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let silent = server(&format!("postgres://u@127.0.0.1:{port}/d?connect_timeout=1"));
    let (failure, _held) = tokio::join!(refusal(&silent), listener.accept());
    assert_eq!((failure.code, failure.class), (Code::PostgresUnreachable, FailureClass::Transient), "{failure}");
}

#[tokio::test]
async fn an_address_that_can_not_be_read_is_permanent() {
    for url in ["postgres://u@h/d?sslmode=sometimes", "mysql://h/d", "postgres://u@h:port/d"] {
        let failure = Server::from_url(url, None).unwrap_err().on(Side::Source);
        assert_eq!((failure.code, failure.class), (Code::PostgresLogin, FailureClass::Permanent), "{url}: {failure}");
    }
}

#[tokio::test]
async fn tls_is_used_as_sslmode_says() {
    let with_tls = TcpServer::with_tls();
    let root = fixture("ca.pem");
    assert!(!encrypted(&tcp(with_tls, "member", "127.0.0.1", "sslmode=disable")).await);
    assert!(encrypted(&tcp(with_tls, "member", "127.0.0.1", "")).await);
    assert!(encrypted(&tcp(with_tls, "member", "127.0.0.1", "sslmode=require")).await);
    assert!(encrypted(&tcp(with_tls, "member", "localhost", &format!("sslmode=verify-full&sslrootcert={root}"))).await);
    assert!(encrypted(&tcp(with_tls, "member", "127.0.0.1", &format!("sslmode=verify-ca&sslrootcert={root}"))).await);
    assert!(!encrypted(&tcp(TcpServer::without_tls(), "member", "127.0.0.1", "sslmode=prefer")).await);
    assert!(!encrypted(&server(&format!("{}?sslmode=require", with_tls.socket_url()))).await, "a Unix socket");
}

#[tokio::test]
async fn a_disagreement_about_tls_says_so() {
    let with_tls = TcpServer::with_tls();
    let root = fixture("ca.pem");
    let stranger = fixture("stranger.pem");

    assert!(encrypted(&tcp(with_tls, "tlsonly", "127.0.0.1", "")).await);
    for (server, words) in [
        (tcp(with_tls, "tlsonly", "127.0.0.1", "sslmode=disable"), "TLS only"),
        (tcp(TcpServer::without_tls(), "member", "127.0.0.1", "sslmode=require"), "does not support TLS"),
        (tcp(with_tls, "member", "localhost", &format!("sslmode=verify-full&sslrootcert={stranger}")), "UnknownIssuer"),
        (
            tcp(with_tls, "member", "127.0.0.1", &format!("sslmode=verify-full&sslrootcert={root}")),
            "not valid for name",
        ),
    ] {
        let failure = refusal(&server).await;
        assert_eq!((failure.code, failure.class), (Code::PostgresTls, FailureClass::Permanent), "{failure:?}");
        assert!(format!("{failure:?}").contains(words), "{failure:?}");
    }
    // A user that pg_hba.conf keeps out has a problem of another kind, with TLS or without.
    let failure = refusal(&tcp(with_tls, "stranger", "127.0.0.1", "sslmode=disable")).await;
    assert_eq!(failure.code, Code::PostgresLogin, "{failure:?}");
}

#[test]
fn a_root_certificate_that_can_not_be_read_is_named() {
    let error = Server::from_url("postgres://h/d?sslmode=verify-full&sslrootcert=/nowhere/ca.pem", None).unwrap_err();
    assert!(error.to_string().contains("/nowhere/ca.pem"), "{error}");
}

/// A copy of a fixture that only its owner can read.
fn private(folder: &Path, name: &str) -> String {
    let path = folder.join(name);
    fs::copy(fixture(name), &path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path.display().to_string()
}

#[tokio::test]
async fn a_certificate_of_our_own_logs_in_where_the_server_asks_for_one() {
    let with_tls = TcpServer::with_tls();
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (fixture("client.pem"), private(folder.path(), "client.key"));
    let options = format!("sslmode=require&sslcert={certificate}&sslkey={key}");
    assert!(encrypted(&tcp(with_tls, "certonly", "127.0.0.1", &options)).await);
    let session = tcp(with_tls, "certonly", "127.0.0.1", &options).connect("to be cancelled").await.unwrap();
    session.cancel().await.unwrap();
    session.close().await;
    let failure = refusal(&tcp(with_tls, "certonly", "127.0.0.1", "sslmode=require")).await;
    assert_eq!(failure.code, Code::PostgresLogin, "{failure:?}");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    for (options, words) in [
        (format!("sslcert={certificate}&sslkey={key}"), "chmod 600"),
        (format!("sslcert={certificate}"), "go together"),
        (format!("sslcert=/nowhere/c.pem&sslkey={key}"), "/nowhere/c.pem"),
    ] {
        let error = Server::from_url(&format!("postgres://h/d?{options}"), None).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[tokio::test]
async fn a_password_file_has_the_password_if_nothing_else_does() {
    let port = TcpServer::without_tls().port();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("비밀");
    fs::write(&file, format!("127.0.0.1:{port}:*:stranger:wrong\n*:{port}:postgres:member:{PASSWORD}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let url = |more: &str| format!("postgres://member{more}@127.0.0.1:{port}/postgres?passfile={}", file.display());
    let session = Server::from_url(&url(""), None).unwrap().connect("login test").await.unwrap();
    session.close().await;
    assert_eq!(refusal(&server(&url(":wrong"))).await.sqlstate.as_deref(), Some("28P01"));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let failure = Server::from_url(&url(""), None).unwrap_err().on(Side::Source);
    assert_eq!(failure.code, Code::PostgresLogin);
    assert!(failure.message.contains("chmod 600"), "{failure}");
}
