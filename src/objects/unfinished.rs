//! Uploads that were begun and never ended: what a killed process leaves in a store.
//!
//! No listing of objects shows them, but their parts are paid for. S3 lists them when asked in a way that the library
//! doesn't offer, so the library signs the question and it is sent from here. Google needs a lifecycle rule
//! (`AbortIncompleteMultipartUpload`); Azure drops them by itself after a week.

use std::time::Duration;

use object_store::aws::AmazonS3;
use object_store::multipart::MultipartStore;
use object_store::path::Path;
use object_store::signer::{SignedUrlOptions, Signer};
use reqwest::Method;
use serde::Deserialize;

use super::bucket::Bucket;
use super::error::{ObjectError, ObjectErrorKind};
use super::stores::CONNECT_TIMEOUT;

/// How long the signed question is good for, and how long its answer may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// An upload that was begun and not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// The key of the object that it would have become.
    pub key: String,
    id: String,
}

/// S3's answer, as far as it matters.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Listing {
    upload: Vec<Entry>,
    is_truncated: bool,
    next_key_marker: String,
    next_upload_id_marker: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    key: String,
    upload_id: String,
}

impl Bucket {
    /// Unfinished uploads whose keys start so; `None` where the store can't list them.
    pub async fn unfinished(&self, start: &str) -> Result<Option<Vec<Unfinished>>, ObjectError> {
        let Some(s3) = self.s3() else { return Ok(None) };
        let doing = self.doing("listing unfinished uploads of", start);
        let mut found = Vec::new();
        let mut after = (String::new(), String::new());
        loop {
            let listing = page(s3, start, &after, &doing).await?;
            let entries = listing.upload.into_iter().filter(|entry| entry.key.starts_with(start));
            found.extend(entries.map(|entry| Unfinished { key: entry.key, id: entry.upload_id }));
            let next = (listing.next_key_marker, listing.next_upload_id_marker);
            if !listing.is_truncated || next == after {
                return Ok(Some(found));
            }
            after = next;
        }
    }

    /// Removes what has arrived of an unfinished upload; one that is gone is fine.
    pub async fn give_up(&self, unfinished: &Unfinished) -> Result<(), ObjectError> {
        let Some(s3) = self.s3() else { return Ok(()) };
        let doing = self.doing("removing an unfinished upload of", &unfinished.key);
        let path = self.path(&doing, &unfinished.key)?;
        match s3.abort_multipart(&path, &unfinished.id).await.map_err(|error| ObjectError::of_store(doing, &error)) {
            Err(error) if error.kind != ObjectErrorKind::Missing => Err(error),
            _ => Ok(()),
        }
    }
}

/// Asks for one page of the list. The signed address is never shown: who has it may ask the same.
async fn page(s3: &AmazonS3, start: &str, after: &(String, String), doing: &str) -> Result<Listing, ObjectError> {
    let mut query = vec![("uploads", String::new()), ("prefix", start.to_owned())];
    if !after.0.is_empty() {
        query.extend([("key-marker", after.0.clone()), ("upload-id-marker", after.1.clone())]);
    }
    let options = SignedUrlOptions::default().with_query(query);
    let signed = s3.signed_url_opts(Method::GET, &Path::default(), PATIENCE, &options).await;
    let signed = signed.map_err(|error| ObjectError::of_store(doing, &error))?;
    let broke = |error: reqwest::Error| {
        let message = error.without_url().to_string();
        ObjectError::new(doing, ObjectErrorKind::Unreachable, message)
    };
    let client = reqwest::Client::builder().connect_timeout(CONNECT_TIMEOUT).timeout(PATIENCE).build();
    let answer = client.map_err(broke)?.get(signed).send().await.map_err(broke)?;
    let status = answer.status();
    let body = answer.text().await.map_err(broke)?;
    if !status.is_success() {
        return Err(ObjectError::of_answer(doing, status.as_u16(), &status.to_string(), &body));
    }
    quick_xml::de::from_str(&body).map_err(|error| {
        let message = format!("the answer can't be read: {error}");
        ObjectError::new(doing, ObjectErrorKind::NotSupported, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s3s_list_is_read() {
        let read = |text: &str| quick_xml::de::from_str::<Listing>(text).unwrap();
        let empty = read("<ListMultipartUploadsResult><Bucket>b</Bucket><Prefix/></ListMultipartUploadsResult>");
        assert!(empty.upload.is_empty() && !empty.is_truncated);
        let two = read(
            "<?xml version=\"1.0\"?><ListMultipartUploadsResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
             <NextKeyMarker>k</NextKeyMarker><NextUploadIdMarker>u</NextUploadIdMarker><IsTruncated>true</IsTruncated>\
             <Upload><Key>a&amp;b.db</Key><UploadId>1</UploadId><Initiated>2026-01-01T00:00:00Z</Initiated></Upload>\
             <Upload><Key>c.db</Key><UploadId>2</UploadId></Upload></ListMultipartUploadsResult>",
        );
        let keys: Vec<(&str, &str)> = two.upload.iter().map(|one| (one.key.as_str(), one.upload_id.as_str())).collect();
        assert_eq!(keys, [("a&b.db", "1"), ("c.db", "2")]);
        assert_eq!((two.is_truncated, two.next_key_marker.as_str()), (true, "k"));
    }
}
