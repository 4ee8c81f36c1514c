//! TLS as libpq's `sslmode` means it.
//!
//! | `sslmode` | encrypted | certificate |
//! |---|---|---|
//! | `disable` | no | |
//! | `prefer` (default) | if the server can | not checked |
//! | `require` | yes | not checked; its chain, if `sslrootcert` is given |
//! | `verify-ca` | yes | chain |
//! | `verify-full` | yes | chain and host name |
//!
//! The driver knows the first three only and no `sslrootcert`: those keys are read here and taken out of the address.
//! Roots come from `sslrootcert`, else from the system. `sslcert` and `sslkey` name the certificate that we show and its
//! key, both PEM; `passfile` is read here too, because the driver does not know it either.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::{PgError, PgErrorKind};

/// What the address says about the server's certificate, beyond what the driver understands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TlsKeys {
    /// Whether the chain is checked.
    chain: bool,
    /// Whether the host name is checked too.
    name: bool,
    /// File with the roots; the system's if `None`.
    roots: Option<PathBuf>,
    /// File with our own certificate and those that vouch for it.
    certificate: Option<PathBuf>,
    /// File with the key of our certificate.
    key: Option<PathBuf>,
    /// File with passwords.
    pub(super) passfile: Option<PathBuf>,
}

impl TlsKeys {
    /// Takes the keys that the driver doesn't know out of an address, and returns both.
    pub(super) fn take(url: &str) -> (String, Self) {
        let mut keys = Self::default();
        let Some((address, query)) = url.split_once('?') else { return (url.to_owned(), keys) };
        let mut kept = Vec::new();
        for pair in query.split('&') {
            match pair.split_once('=') {
                Some(("sslmode", mode @ ("verify-ca" | "verify-full"))) => {
                    keys.chain = true;
                    keys.name = mode == "verify-full";
                    kept.push("sslmode=require".to_owned());
                }
                Some(("sslrootcert", path)) => {
                    keys.chain = true;
                    keys.roots = (path != "system").then(|| decoded(path));
                }
                Some(("sslcert", path)) => keys.certificate = Some(decoded(path)),
                Some(("sslkey", path)) => keys.key = Some(decoded(path)),
                Some(("passfile", path)) => keys.passfile = Some(decoded(path)),
                _ => kept.push(pair.to_owned()),
            }
        }
        let url = if kept.is_empty() { address.to_owned() } else { format!("{address}?{}", kept.join("&")) };
        (url, keys)
    }

    /// The connector that keeps to them.
    pub(super) fn connector(&self, direct: bool) -> Result<MakeRustlsConnect, PgError> {
        let provider = Arc::new(ring::default_provider());
        let algorithms = provider.signature_verification_algorithms;
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| refused("preparing TLS", &error))?;
        let chain = if self.chain {
            let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(self.roots()?), provider)
                .build()
                .map_err(|error| refused("reading root certificates", &error))?;
            Some(verifier)
        } else {
            None
        };
        let verifier = Verifier { chain, name: self.name, algorithms };
        let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match self.own()? {
            Some((certificates, key)) => builder
                .with_client_auth_cert(certificates, key)
                .map_err(|error| refused("using sslcert and sslkey", &error))?,
            None => builder.with_no_client_auth(),
        };
        if direct {
            // A server takes a handshake without PostgreSQL's own question only under this name.
            config.alpn_protocols = vec![b"postgresql".to_vec()];
        }
        Ok(MakeRustlsConnect::new(config))
    }

    fn roots(&self) -> Result<RootCertStore, PgError> {
        let mut store = RootCertStore::empty();
        let Some(path) = &self.roots else {
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            return Ok(store);
        };
        let doing = format!("reading sslrootcert `{}`", path.display());
        for certificate in certificates(path, &doing)? {
            store.add(certificate).map_err(|error| refused(&doing, &error))?;
        }
        Ok(store)
    }

    /// Our own certificate and its key. A key that others can read is as good as none.
    fn own(&self) -> Result<Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>, PgError> {
        let (certificate, key) = match (&self.certificate, &self.key) {
            (None, None) => return Ok(None),
            (Some(certificate), Some(key)) => (certificate, key),
            _ => return Err(refused("reading the url", &"`sslcert` and `sslkey` go together")),
        };
        let certificates = certificates(certificate, &format!("reading sslcert `{}`", certificate.display()))?;
        let doing = format!("reading sslkey `{}`", key.display());
        let mode = std::fs::metadata(key).map_err(|error| refused(&doing, &error))?.permissions().mode();
        if mode & 0o007 != 0 {
            return Err(refused(&doing, &"everybody can read it: `chmod 600` it"));
        }
        let key = PrivateKeyDer::from_pem_file(key).map_err(|error| refused(&doing, &error))?;
        Ok(Some((certificates, key)))
    }
}

fn certificates(path: &Path, doing: &str) -> Result<Vec<CertificateDer<'static>>, PgError> {
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| refused(doing, &error))?;
    if certificates.is_empty() {
        return Err(refused(doing, &"there is no certificate in it"));
    }
    Ok(certificates)
}

fn decoded(path: &str) -> PathBuf {
    PathBuf::from(percent_decode_str(path).decode_utf8_lossy().as_ref())
}

fn refused(doing: &str, error: &dyn std::fmt::Display) -> PgError {
    PgError::without_server(doing, error.to_string(), PgErrorKind::Tls)
}

/// Checks as much of a certificate as `sslmode` asks for. The handshake's signatures are always checked.
#[derive(Debug)]
struct Verifier {
    chain: Option<Arc<WebPkiServerVerifier>>,
    name: bool,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        match chain.verify_server_cert(certificate, intermediates, server_name, ocsp_response, now) {
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.name => Ok(ServerCertVerified::assertion()),
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_the_driver_does_not_know_are_taken_out() {
        let (url, keys) =
            TlsKeys::take("postgres://u@h/d?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem&connect_timeout=3");
        assert_eq!(url, "postgres://u@h/d?sslmode=require&connect_timeout=3");
        let roots = Some("/etc/ca.pem".into());
        assert_eq!(keys, TlsKeys { chain: true, name: true, roots, ..TlsKeys::default() });
        assert!(url.parse::<tokio_postgres::Config>().is_ok());
        let (url, keys) = TlsKeys::take("postgres://u@h/d?sslmode=require");
        assert_eq!((url.as_str(), keys), ("postgres://u@h/d?sslmode=require", TlsKeys::default()));
    }
}
