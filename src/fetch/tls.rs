//! Certificates from files.

use std::path::Path;

use reqwest::{Certificate, ClientBuilder, Identity};

use super::error::{FetchError, FetchErrorKind};
use super::options::Options;

/// The client with the certificates that the options name.
pub(super) fn with_certificates(mut builder: ClientBuilder, options: &Options) -> Result<ClientBuilder, FetchError> {
    if let Some(path) = &options.ca_file {
        let certificates = Certificate::from_pem_bundle(&read(path)?).map_err(|error| unusable(path, error))?;
        if certificates.is_empty() {
            return Err(wrong(path, "there is no certificate in it"));
        }
        builder = builder.tls_certs_merge(certificates);
    }
    if let Some((certificate, key)) = &options.identity {
        let mut pem = read(certificate)?;
        if key != certificate {
            pem.push(b'\n');
            pem.extend(read(key)?);
        }
        builder = builder.identity(Identity::from_pem(&pem).map_err(|error| unusable(certificate, error))?);
    }
    Ok(builder)
}

fn read(path: &Path) -> Result<Vec<u8>, FetchError> {
    std::fs::read(path).map_err(|error| wrong(path, error))
}

fn unusable(path: &Path, error: reqwest::Error) -> FetchError {
    wrong(path, FetchError::of_client("", error).message)
}

fn wrong(path: &Path, what: impl std::fmt::Display) -> FetchError {
    let doing = format!("reading certificates from `{}`", path.display());
    FetchError::new(doing, FetchErrorKind::Request, what.to_string())
        .hinting("the files of `tls` are in PEM form, readable by the daemon's user, relative to the job file")
}
