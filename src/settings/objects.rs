//! Object stores: how each, or one bucket of it, is reached.

use std::collections::BTreeMap;

use crate::domain::object::{StoreKind, StoreOptions};
use crate::domain::secret::Secret;
use crate::spec::authored::At;

use super::raw::RawObjects;
use super::resolve::Resolver;
use super::surroundings::Surroundings;

/// What the names of variables start with that the stores' own tools read.
const VARIABLES: [&str; 4] = ["AWS_", "GOOGLE_", "AZURE_", "IDENTITY_ENDPOINT"];

/// Shorter values aren't masked, see `resolve`.
const SHORTEST_SECRET: usize = 4;

/// The variables that the stores' own tools read.
pub(super) fn variables(surroundings: &Surroundings) -> BTreeMap<String, Secret> {
    let found = surroundings.variables.iter().filter(|(name, _)| VARIABLES.iter().any(|start| name.starts_with(start)));
    found.map(|(name, value)| (name.clone(), Secret::new(value))).collect()
}

/// Those of them that nobody should see.
pub(super) fn secrets(variables: &BTreeMap<String, Secret>) -> impl Iterator<Item = Secret> {
    let secret = |name: &str| {
        let names = ["SECRET", "TOKEN", "KEY", "PASSWORD", "SAS"].iter().any(|part| name.contains(part));
        names && !["_ID", "_FILE", "_PATH", "_URI", "_ENABLED"].iter().any(|end| name.ends_with(end))
    };
    let found = variables.iter().filter(move |(name, value)| secret(name) && value.reveal().len() >= SHORTEST_SECRET);
    found.map(|(_, value)| value.clone())
}

impl Resolver<'_, '_> {
    /// A store's options, by the name that they stand under.
    pub(super) fn objects(&mut self, name: &str, raw: &RawObjects, at: At<'_>) -> Option<StoreOptions> {
        let (scheme, bucket) = name.split_once("://").unwrap_or((name, "any"));
        let kind = StoreKind::of_scheme(scheme).filter(|_| !bucket.is_empty() && !bucket.contains('/'));
        let Some(kind) = kind else {
            let hint = "write `s3`, `gs` or `az` for all buckets, or one bucket's address: `s3://bucket`";
            self.problems.at(at.key_span(), format!("`{name}` is no object store"), Some(hint.to_owned()));
            return None;
        };
        let given = [
            ("region", raw.region.is_some(), StoreKind::S3),
            ("path_style", raw.path_style.is_some(), StoreKind::S3),
            ("access_key", raw.access_key.is_some(), StoreKind::S3),
            ("secret_key_file", raw.secret_key_file.is_some(), StoreKind::S3),
            ("credentials_file", raw.credentials_file.is_some(), StoreKind::Gcs),
            ("account", raw.account.is_some(), StoreKind::Azure),
            ("account_key_file", raw.account_key_file.is_some(), StoreKind::Azure),
        ];
        for (key, given, of) in given {
            if given && of != kind {
                let message = format!("`{key}` is for `{}`", of.scheme());
                self.problems.at(at.key(key).key_span(), message, Some("delete it".to_owned()));
            }
        }
        if let Some(endpoint) = raw.endpoint.as_ref().filter(|endpoint| !is_http(endpoint)) {
            let hint = "write `https://host` or `http://host:port`";
            self.wrong(at.key("endpoint"), format!("`{endpoint}` is no address of a server"), hint);
        }
        if raw.access_key.is_some() != raw.secret_key_file.is_some() {
            self.wrong(at, "`access_key` and `secret_key_file` go together", "add the other one, or delete both");
        }
        Some(StoreOptions {
            endpoint: raw.endpoint.clone(),
            region: raw.region.clone(),
            path_style: raw.path_style,
            access_key: raw.access_key.clone(),
            secret_key: self.secret_file(raw.secret_key_file.as_ref(), at, "secret_key_file"),
            credentials_file: self.path(raw.credentials_file.as_ref(), at, "credentials_file"),
            account: raw.account.clone(),
            account_key: self.secret_file(raw.account_key_file.as_ref(), at, "account_key_file"),
        })
    }
}

fn is_http(endpoint: &str) -> bool {
    ["http://", "https://"].iter().any(|start| endpoint.strip_prefix(start).is_some_and(|rest| !rest.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_of_stores_are_taken_and_their_secrets_known() {
        let variables = [
            ("AWS_ACCESS_KEY_ID", "AKIA"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_SESSION_TOKEN", "token"),
            ("AWS_WEB_IDENTITY_TOKEN_FILE", "/run/token"),
            ("AZURE_STORAGE_ACCOUNT_KEY", "azure"),
            ("GOOGLE_APPLICATION_CREDENTIALS", "/run/google.json"),
            ("HOME", "/root"),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let found = super::variables(&Surroundings { variables, ..Surroundings::default() });
        assert_eq!(found.len(), 6);
        let secrets: Vec<String> = secrets(&found).map(|secret| secret.reveal().to_owned()).collect();
        assert_eq!(secrets, ["secret", "token", "azure"]);
    }
}
