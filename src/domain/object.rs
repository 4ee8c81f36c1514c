//! Where an object stands in an object store, and how such a store is reached.

use std::fmt;
use std::path::PathBuf;

use super::secret::Secret;

/// The kinds of object stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StoreKind {
    /// Amazon S3, and whatever speaks its protocol: `MinIO`, Ceph, R2.
    S3,
    /// Google Cloud Storage.
    Gcs,
    /// Azure Blob Storage; what others call a bucket is a container there.
    Azure,
}

impl StoreKind {
    const ALL: [Self; 3] = [Self::S3, Self::Gcs, Self::Azure];

    /// The kind that this stands for before `://`.
    pub fn of_scheme(scheme: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.scheme() == scheme)
    }

    /// What stands before `://`.
    pub const fn scheme(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Gcs => "gs",
            Self::Azure => "az",
        }
    }
}

/// An object's address: `s3://bucket/folder/name.db`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectAddress {
    /// The kind of store.
    pub kind: StoreKind,
    /// The bucket, or the container.
    pub bucket: String,
    /// The object's key within it.
    pub key: String,
}

/// Why a text is no address of an object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Nothing that stands before `://` in an address.
    #[error("`{0}://` is no object store")]
    Scheme(String),
    /// A bucket without a name, or with one that no store allows.
    #[error("`{0}` names no bucket")]
    Bucket(String),
    /// A key that is empty, ends in a slash or has an empty part.
    #[error("`{0}` names no object in the bucket")]
    Key(String),
}

impl AddressError {
    /// How an address is written.
    pub const HINT: &str = "write `s3://bucket/folder/name.db`, `gs://…` or `az://…`";
}

impl ObjectAddress {
    /// Reads an address; `None` if the text is a path.
    pub fn parse(text: &str) -> Option<Result<Self, AddressError>> {
        let (scheme, rest) = text.split_once("://")?;
        Some(Self::of_parts(text, scheme, rest))
    }

    fn of_parts(text: &str, scheme: &str, rest: &str) -> Result<Self, AddressError> {
        let kind = StoreKind::of_scheme(scheme).ok_or_else(|| AddressError::Scheme(scheme.to_owned()))?;
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() || !bucket.chars().all(|each| each.is_ascii_alphanumeric() || "-._".contains(each)) {
            return Err(AddressError::Bucket(text.to_owned()));
        }
        if key.split('/').any(|part| matches!(part, "" | "." | "..")) || key.chars().any(char::is_control) {
            return Err(AddressError::Key(text.to_owned()));
        }
        Ok(Self { kind, bucket: bucket.to_owned(), key: key.to_owned() })
    }

    /// The bucket alone, as settings name it.
    pub fn bucket_address(&self) -> String {
        format!("{}://{}", self.kind.scheme(), self.bucket)
    }
}

impl fmt::Display for ObjectAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}/{}", self.kind.scheme(), self.bucket, self.key)
    }
}

/// How a store, or one bucket of it, is reached; what is absent comes from the environment or is the store's default.
#[derive(Clone, Debug, Default)]
pub struct StoreOptions {
    /// The server's address, for whatever isn't the provider's own: `http://minio:9000`.
    pub endpoint: Option<String>,
    /// S3: the region.
    pub region: Option<String>,
    /// S3: whether the bucket stands in the path (the default) and not in the host's name.
    pub path_style: Option<bool>,
    /// S3: the access key's id.
    pub access_key: Option<String>,
    /// S3: the secret that belongs to it.
    pub secret_key: Option<Secret>,
    /// Google: the file of a service account or of application credentials.
    pub credentials_file: Option<PathBuf>,
    /// Azure: the account.
    pub account: Option<String>,
    /// Azure: its key.
    pub account_key: Option<Secret>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_are_read_and_written_back() {
        for text in ["s3://bucket/stock.db", "gs://b-1/a/나스닥.db", "az://container/a/b/c.db"] {
            assert_eq!(ObjectAddress::parse(text).unwrap().unwrap().to_string(), text);
        }
        assert_eq!(ObjectAddress::parse("/data/stock.db"), None);
        let address = ObjectAddress::parse("s3://bucket/a/b.db").unwrap().unwrap();
        assert_eq!((address.bucket_address().as_str(), address.key.as_str()), ("s3://bucket", "a/b.db"));
    }

    #[test]
    fn what_is_no_address_says_why() {
        let error = |text: &str| ObjectAddress::parse(text).unwrap().unwrap_err();
        assert_eq!(error("ftp://host/x"), AddressError::Scheme("ftp".to_owned()));
        assert_eq!(error("s3:///x").to_string(), "`s3:///x` names no bucket");
        assert_eq!(error("s3://b u/x").to_string(), "`s3://b u/x` names no bucket");
        for text in ["s3://b", "s3://b/", "s3://b//x", "s3://b/x/", "s3://b/../x"] {
            assert_eq!(error(text), AddressError::Key(text.to_owned()));
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC*") {
            drop(ObjectAddress::parse(&text));
            drop(ObjectAddress::parse(&format!("s3://{text}")));
        }
    }
}
