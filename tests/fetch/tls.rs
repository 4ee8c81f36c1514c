//! A server that only its own authority vouches for, and that wants to see our certificate.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use windlass::domain::code::Code;
use windlass::domain::failure::FailureClass;
use windlass::fetch::{Client, Options};

use super::{download_with, get, ok};

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fetch/tls").join(name)
}

/// A server for `localhost` that answers only who has the client's certificate.
fn server() -> String {
    rustls::crypto::ring::default_provider().install_default().ok();
    let certificates = |name: &str| {
        CertificateDer::pem_file_iter(fixture(name))
            .unwrap()
            .map(Result::unwrap)
            .collect::<Vec<CertificateDer<'static>>>()
    };
    let mut trusted = RootCertStore::empty();
    trusted.add(certificates("authority.pem").remove(0)).unwrap();
    let verifier = WebPkiClientVerifier::builder(Arc::new(trusted)).build().unwrap();
    let key = PrivateKeyDer::from_pem_file(fixture("server.key")).unwrap();
    let config = ServerConfig::builder()
        .with_client_cert_verifier(verifier)
        .with_single_cert(certificates("server.pem"), key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        while let Ok((connection, _)) = listener.accept() {
            let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), connection);
            // Who isn't known is sent away within the handshake.
            if stream.read(&mut [0; 4096]).is_ok_and(|count| count > 0) {
                stream.write_all(&ok("Content-Length: 6\r\n", b"secret")).ok();
                stream.conn.send_close_notify();
                stream.flush().ok();
            }
        }
    });
    format!("https://localhost:{port}/")
}

#[tokio::test]
async fn certificates_are_taken_from_files() {
    let url = server();
    let ca_file = Some(fixture("authority.pem"));
    let identity = Some((fixture("client.pem"), fixture("client.key")));
    let options = Options { ca_file: ca_file.clone(), identity: identity.clone(), ..Options::default() };
    let client = Client::new(&options).unwrap();
    assert_eq!(download_with(&client, &get(&url), 1000, 1).await.unwrap().1, b"secret");
    let strange = Client::new(&Options { ca_file: ca_file.clone(), ..Options::default() }).unwrap();
    assert!(download_with(&strange, &get(&url), 1000, 1).await.is_err());
    let trusting_nobody = Client::new(&Options { identity, ..Options::default() }).unwrap();
    let failure = download_with(&trusting_nobody, &get(&url), 1000, 1).await.unwrap_err();
    assert_eq!((failure.code, failure.class), (Code::HttpUnreachable, FailureClass::Permanent), "{failure}");
    assert!(failure.message.contains("certificate"), "{failure}");
}

#[test]
fn a_file_that_is_no_certificate_is_told_by_name() {
    for (ca_file, words) in [("nowhere.pem", "No such file"), ("server.key", "there is no certificate in it")] {
        let options = Options { ca_file: Some(fixture(ca_file)), ..Options::default() };
        let failure = Client::new(&options).err().unwrap().failure();
        assert_eq!(failure.class, FailureClass::Permanent);
        assert!(failure.message.contains(ca_file) && failure.message.contains(words), "{failure}");
    }
    let identity = Some((fixture("client.pem"), fixture("client.pem")));
    let failure = Client::new(&Options { identity, ..Options::default() }).err().unwrap().failure();
    assert!(failure.message.contains("client.pem") && failure.message.contains("private key"), "{failure}");
}
