//! A real server of Azure's blob protocol. Runs where `azurite-blob` is on the PATH (`scripts/test` sees to it).

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use windlass::domain::object::{ObjectAddress, StoreOptions};
use windlass::domain::secret::Secret;
use windlass::domain::step::{SignatureAlgorithm, SignatureEncoding};
use windlass::fetch::signature;
use windlass::objects::{Bucket, ObjectStores};

use super::skipped;

/// Ends the server when the test process ends, however it ends.
const SCRIPT: &str = "azurite-blob --inMemoryPersistence --blobHost 127.0.0.1 --blobPort 0 --disableTelemetry \
                      & server=$!; cat >/dev/null; kill $server";

/// The only account.
const ACCOUNT: &str = "windlass";

/// Its key, and the same as Azure writes it.
const KEY: [&str; 2] = ["secret", "c2VjcmV0"];

/// The server; it keeps everything in memory.
pub(crate) struct AzureServer {
    url: String,
    process: Child,
}

impl AzureServer {
    /// Starts one with a container `replicas`; `None`, with the reason printed, where there is none on the PATH.
    pub(crate) async fn start() -> Option<Self> {
        let found = Command::new("azurite-blob").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !found.is_ok_and(|status| status.success()) {
            skipped("azurite-blob (npm package azurite) is not on PATH");
            return None;
        }
        // Fails where another test chose one before.
        rustls::crypto::ring::default_provider().install_default().ok();
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        command.env("AZURITE_ACCOUNTS", format!("{ACCOUNT}:{}", KEY[1]));
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut process = command.spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let (say, hear) = mpsc::channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Some((_, url)) = line.split_once("successfully listens on ") {
                    say.send(url.trim().to_owned()).unwrap();
                }
            }
        });
        let url = hear.recv().expect("the server says where it listens");
        let server = Self { url, process };
        server.make_container("replicas").await;
        Some(server)
    }

    /// Stores that are reached by this server's address.
    pub(crate) fn stores(&self) -> ObjectStores {
        self.stores_with(KEY[1])
    }

    /// The same with another key.
    pub(crate) fn stores_with(&self, key: &str) -> ObjectStores {
        let options = StoreOptions {
            endpoint: Some(format!("{}/{ACCOUNT}", self.url)),
            account: Some(ACCOUNT.to_owned()),
            account_key: Some(Secret::new(key)),
            ..StoreOptions::default()
        };
        ObjectStores::new(BTreeMap::new(), BTreeMap::from([("az".to_owned(), options)]))
    }

    /// The container `replicas`.
    pub(crate) fn bucket(&self) -> Bucket {
        self.stores().open(&ObjectAddress::parse("az://replicas/any").unwrap().unwrap()).unwrap()
    }

    /// Keys in the container.
    pub(crate) async fn keys(&self) -> Vec<String> {
        self.bucket().list("").await.unwrap().into_iter().map(|found| found.key).collect()
    }

    /// An object, as a reader gets it.
    pub(crate) async fn get(&self, key: &str) -> Vec<u8> {
        let stored = self.bucket().read(key).await.unwrap();
        stored.unwrap_or_else(|| panic!("{key} is not there")).content.to_vec()
    }

    /// Makes a container. Signed by hand (Shared Key): the library has no call for it.
    async fn make_container(&self, name: &str) {
        let now = DateTime::<Utc>::from(SystemTime::now()).format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let (version, empty) = ("2023-11-03", "\n".repeat(11));
        let message = format!(
            "PUT\n{empty}x-ms-date:{now}\nx-ms-version:{version}\n/{ACCOUNT}/{ACCOUNT}/{name}\nrestype:container"
        );
        let signed = signature(SignatureAlgorithm::Sha256, SignatureEncoding::Base64, KEY[0], &message).unwrap();
        let request = reqwest::Client::new()
            .put(format!("{}/{ACCOUNT}/{name}?restype=container", self.url))
            .header("x-ms-date", now)
            .header("x-ms-version", version)
            .header("Authorization", format!("SharedKey {ACCOUNT}:{signed}"));
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }
}

impl Drop for AzureServer {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        self.process.wait().unwrap();
    }
}
