//! Object stores: S3 and what speaks its protocol, Google Cloud Storage, Azure.
//!
//! An object appears whole or not at all, so an upload that breaks off is never seen. What has arrived of it may still
//! lie in the store, invisible and paid for; whoever gives up an upload removes it, and what a killed process left can be
//! listed and removed on S3. Single requests are tried again a few times within seconds; anything longer is the engine's
//! business. Errors carry a class and the store's own words, and never a signed address.

mod bucket;
mod download;
mod error;
mod stores;
mod unfinished;
mod upload;

pub use bucket::{Bucket, Found, Stored, Version};
pub use error::{ObjectError, ObjectErrorKind};
pub use stores::ObjectStores;
pub use unfinished::Unfinished;
pub use upload::Upload;
