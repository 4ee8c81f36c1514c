//! Files in an object store.

use std::path::PathBuf;

use glob::{MatchOptions, Pattern};

use super::file::unreadable;
use super::found::{FoundFile, Place, Taken};
use crate::domain::failure::{Failure, Side};
use crate::domain::object::ObjectAddress;
use crate::domain::progress::Progress;
use crate::objects::{Bucket, Found, ObjectError};
use crate::steps::StepContext;
use crate::steps::spool::Spool;

/// A star doesn't reach beyond a slash, as in a file system.
const LIKE_FILES: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: false };

/// Finds the objects, in the order of their keys.
pub(super) async fn find(address: &ObjectAddress, context: &StepContext) -> Result<Vec<FoundFile>, Failure> {
    let bucket = context.environment.objects.open(address).map_err(failed)?;
    let key = address.key.as_str();
    let mut found = match key.find(['*', '?', '[']) {
        None => {
            let object = context.unless_stopped(bucket.find(key)).await?.map_err(failed)?;
            vec![object.ok_or_else(|| unreadable(&address.to_string(), "no such object"))?]
        }
        Some(special) => {
            let folder = key[..special].rsplit_once('/').map_or("", |(folder, _)| folder);
            let pattern = Pattern::new(key).map_err(|error| unreadable(&address.to_string(), error))?;
            let mut listed = context.unless_stopped(bucket.list(folder)).await?.map_err(failed)?;
            listed.retain(|object| pattern.matches_with(&object.key, LIKE_FILES));
            listed
        }
    };
    found.sort_by(|one, other| one.key.cmp(&other.key));
    let files = found.into_iter().map(|object| {
        let taken = Taken::remote(bucket.address(&object.key), &object);
        FoundFile { taken, place: Place::Remote(bucket.clone(), object) }
    });
    Ok(files.collect())
}

/// Fetches an object into the spool.
pub(super) async fn download(
    bucket: &Bucket,
    object: &Found,
    number: usize,
    spool: &Spool,
    context: &StepContext,
) -> Result<PathBuf, Failure> {
    let path = spool.path(&format!("object-{number}"));
    context.host.progress(Progress { bytes_expected: Some(object.bytes), ..Progress::phase("downloading") });
    bucket.download_found(object, &path, &context.stop).await.map_err(failed)?;
    Ok(path)
}

/// The failure of a step that reads there.
fn failed(error: ObjectError) -> Failure {
    Failure { side: Side::Source, ..error.failure() }
}
