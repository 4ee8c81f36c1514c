//! Opening a bucket: the settings' options over the environment's variables over the store's defaults.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::{BackoffConfig, ClientOptions, HeaderValue, ObjectStore, RetryConfig};

use super::bucket::Bucket;
use super::error::{ObjectError, ObjectErrorKind};
use crate::domain::object::{ObjectAddress, StoreKind, StoreOptions};
use crate::domain::secret::Secret;

/// How long a connection attempt may take, TLS included; as for PostgreSQL.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long one request may take, its body included. Long, because a part of an upload goes over whatever line there
/// is, and a copy within the store may take minutes.
const REQUEST_TIMEOUT: Duration = Duration::from_mins(10);

/// How often a request is tried again. With the pauses below that is some seconds; longer troubles are for the engine.
const RETRIES: usize = 5;

/// How long after its first try a request is still tried again.
const RETRY_TIMEOUT: Duration = Duration::from_mins(2);

/// How object stores are reached.
#[derive(Clone, Debug, Default)]
pub struct ObjectStores {
    /// Variables that the stores' own tools read: `AWS_…`, `GOOGLE_…`, `AZURE_…`.
    variables: BTreeMap<String, Secret>,
    /// Options by scheme (`s3`) or bucket (`s3://bucket`).
    options: BTreeMap<String, StoreOptions>,
}

impl ObjectStores {
    /// Stores that are reached with these variables and options.
    pub fn new(variables: BTreeMap<String, Secret>, options: BTreeMap<String, StoreOptions>) -> Self {
        Self { variables, options }
    }

    /// Opens the bucket of an address. Asks the store nothing yet.
    pub fn open(&self, address: &ObjectAddress) -> Result<Bucket, ObjectError> {
        // Fails where a provider was chosen before, and that one is as good.
        rustls::crypto::ring::default_provider().install_default().ok();
        let name = address.bucket_address();
        let default = StoreOptions::default();
        let options = self.options.get(&name).or_else(|| self.options.get(address.kind.scheme())).unwrap_or(&default);
        let bucket = &address.bucket;
        let (store, s3): (Arc<dyn ObjectStore>, Option<AmazonS3>) = match address.kind {
            StoreKind::S3 => {
                let s3 = self.s3(bucket, options).build().map_err(|error| setup(&name, &error))?;
                (Arc::new(s3.clone()), Some(s3))
            }
            StoreKind::Gcs => {
                let gcs = self.gcs(bucket, options).build().map_err(|error| setup(&name, &error))?;
                (Arc::new(gcs), None)
            }
            StoreKind::Azure => {
                let azure = self.azure(bucket, options).build().map_err(|error| setup(&name, &error))?;
                (Arc::new(azure), None)
            }
        };
        Ok(Bucket::new(name, store, s3))
    }

    fn s3(&self, bucket: &str, options: &StoreOptions) -> AmazonS3Builder {
        let mut builder = AmazonS3Builder::new().with_client_options(client()).with_retry(retry());
        let own = options.access_key.is_some();
        for (key, value) in self.with("AWS_") {
            let Ok(key) = key.parse() else { continue };
            // A key of the settings doesn't go with another one's secret or token.
            let login = [AmazonS3ConfigKey::AccessKeyId, AmazonS3ConfigKey::SecretAccessKey, AmazonS3ConfigKey::Token];
            if !(own && login.contains(&key)) {
                builder = builder.with_config(key, value);
            }
        }
        let by_host = options.path_style.map(|in_path| !in_path);
        if let Some(endpoint) = &options.endpoint {
            // With the bucket in the host's name, the library wants it to stand there already.
            let endpoint = match (by_host, endpoint.split_once("://")) {
                (Some(true), Some((scheme, host))) => format!("{scheme}://{bucket}.{host}"),
                _ => endpoint.clone(),
            };
            builder = builder.with_config(AmazonS3ConfigKey::S3Endpoint, endpoint);
        }
        let endpoint = [AmazonS3ConfigKey::S3Endpoint, AmazonS3ConfigKey::Endpoint];
        let endpoint = endpoint.iter().find_map(|key| builder.get_config_value(key));
        if is_plain(endpoint.as_deref()) {
            builder = builder.with_allow_http(true);
        }
        if let Some(by_host) = by_host {
            builder = builder.with_virtual_hosted_style_request(by_host);
        }
        if let Some(region) = &options.region {
            builder = builder.with_region(region);
        }
        if let Some(key) = &options.access_key {
            builder = builder.with_access_key_id(key);
        }
        if let Some(secret) = &options.secret_key {
            builder = builder.with_secret_access_key(secret.reveal());
        }
        builder.with_bucket_name(bucket)
    }

    fn gcs(&self, bucket: &str, options: &StoreOptions) -> GoogleCloudStorageBuilder {
        let plain = is_plain(options.endpoint.as_deref());
        let client = client().with_allow_http(plain);
        let mut builder = GoogleCloudStorageBuilder::new().with_client_options(client).with_retry(retry());
        for (key, value) in self.with("GOOGLE_") {
            if let Ok(key) = key.parse::<GoogleConfigKey>() {
                builder = builder.with_config(key, value);
            }
        }
        if let Some(endpoint) = &options.endpoint {
            builder = builder.with_base_url(endpoint);
        }
        if let Some(file) = &options.credentials_file {
            builder = builder.with_application_credentials(file.to_string_lossy());
        }
        builder.with_bucket_name(bucket)
    }

    fn azure(&self, container: &str, options: &StoreOptions) -> MicrosoftAzureBuilder {
        let mut builder = MicrosoftAzureBuilder::new().with_client_options(client()).with_retry(retry());
        for (key, value) in self.with("AZURE_").chain(self.with("IDENTITY_ENDPOINT")) {
            if let Ok(key) = key.parse::<AzureConfigKey>() {
                builder = builder.with_config(key, value);
            }
        }
        if let Some(endpoint) = &options.endpoint {
            builder = builder.with_endpoint(endpoint.clone());
        }
        if is_plain(builder.get_config_value(&AzureConfigKey::Endpoint).as_deref()) {
            builder = builder.with_allow_http(true);
        }
        if let Some(account) = &options.account {
            builder = builder.with_account(account);
        }
        if let Some(key) = &options.account_key {
            builder = builder.with_access_key(key.reveal());
        }
        builder.with_container_name(container)
    }

    /// Variables whose names start so, in the lower case that the library reads them in.
    fn with<'a>(&'a self, start: &'a str) -> impl Iterator<Item = (String, &'a str)> {
        let found = self.variables.iter().filter(move |(name, _)| name.starts_with(start));
        found.map(|(name, value)| (name.to_ascii_lowercase(), value.reveal()))
    }
}

fn client() -> ClientOptions {
    ClientOptions::new()
        .with_user_agent(HeaderValue::from_static(concat!("windlass/", env!("CARGO_PKG_VERSION"))))
        .with_connect_timeout(CONNECT_TIMEOUT)
        .with_timeout(REQUEST_TIMEOUT)
}

fn retry() -> RetryConfig {
    let backoff =
        BackoffConfig { init_backoff: Duration::from_millis(200), max_backoff: Duration::from_secs(5), base: 2.0 };
    RetryConfig { backoff, max_retries: RETRIES, retry_timeout: RETRY_TIMEOUT }
}

/// Whether an endpoint was written with `http://`: then plain HTTP is what was asked for.
fn is_plain(endpoint: Option<&str>) -> bool {
    endpoint.is_some_and(|endpoint| endpoint.starts_with("http://"))
}

fn setup(bucket: &str, error: &object_store::Error) -> ObjectError {
    let error = ObjectError::of_store(format!("opening {bucket}"), error);
    ObjectError { kind: ObjectErrorKind::Setup, ..error }
}
