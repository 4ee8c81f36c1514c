//! Whether a file is what its manifest says.

use std::fs;
use std::path::Path;

use tokio_util::sync::CancellationToken;

use crate::domain::failure::Failure;
use crate::domain::replica::Manifest;

use super::contents::{TableRows, contents};
use super::digest::fingerprint;
use super::refusal::refused;

/// All that is wrong with a file, in words; nothing if it is the one that the manifest describes, down to the last
/// byte, and a reader can open it.
pub async fn wrong_with(file: &Path, manifest: &Manifest, stop: &CancellationToken) -> Result<Vec<String>, Failure> {
    let doing = format!("reading {}", file.display());
    let mut wrong = Vec::new();
    let bytes = fs::metadata(file).map_err(|error| refused(&doing, &error))?.len();
    if bytes != manifest.bytes {
        wrong.push(format!("it has {bytes} bytes, its manifest says {}", manifest.bytes));
    }
    let (path, stopping) = (file.to_path_buf(), stop.clone());
    let digest = tokio::task::spawn_blocking(move || fingerprint(&path, &stopping)).await;
    let digest = digest.map_err(|error| Failure::bug(format!("{doing}: {error}")))?;
    if stop.is_cancelled() {
        return Err(Failure::stopped());
    }
    if digest.map_err(|error| refused(&doing, &error))?.sha256 != manifest.sha256 {
        wrong.push("its SHA-256 is not the manifest's".to_owned());
    }
    match Box::pin(contents(file, stop)).await {
        Ok(found) => wrong.extend(differences(&found.tables, manifest)),
        Err(error) => wrong.push(format!("a reader can't use it: {error}")),
    }
    Ok(wrong)
}

/// How tables differ from those of the manifest.
fn differences(found: &[TableRows], manifest: &Manifest) -> Vec<String> {
    let mut wrong = Vec::new();
    for table in manifest.tables.iter().map(TableRows::from) {
        match found.iter().find(|one| one.schema == table.schema && one.name == table.name) {
            None => wrong.push(format!("table `{table}` is missing")),
            Some(one) if one.rows != table.rows => {
                wrong.push(format!("table `{table}` has {} rows, its manifest says {}", one.rows, table.rows));
            }
            Some(_) => {}
        }
    }
    wrong
}
