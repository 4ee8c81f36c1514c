use crate::domain::failure::Failure;
use crate::domain::object::ObjectAddress;
use crate::objects::{Bucket, ObjectError, ObjectStores, Unfinished};

use super::keys::Keys;

/// A replica in an object store.
#[derive(Clone, Debug)]
pub struct RemoteReplica {
    address: String,
    pub(super) bucket: Bucket,
    pub(super) keys: Keys,
}

impl RemoteReplica {
    /// The replica at that address. Asks the store nothing yet.
    pub fn open(stores: &ObjectStores, address: &ObjectAddress) -> Result<Self, Failure> {
        let bucket = stores.open(address).map_err(ObjectError::failure)?;
        Ok(Self { address: address.to_string(), bucket, keys: Keys::of(&address.key) })
    }

    /// Its address.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The address of a generation's file.
    pub fn generation_address(&self, number: u64) -> String {
        self.bucket.address(&self.keys.generation(number))
    }

    /// Uploads of this replica's own objects that were begun and not ended; `None` where the store can't list them.
    pub(super) async fn unfinished(&self) -> Result<Option<Vec<Unfinished>>, ObjectError> {
        let found = self.bucket.unfinished(self.keys.replica()).await?;
        let ours = |one: &Unfinished| one.key == self.keys.replica() || self.keys.parts(&one.key).is_some();
        Ok(found.map(|found| found.into_iter().filter(ours).collect()))
    }
}
