//! A replica as it lies in an object store: the same layout, with keys for paths.
//!
//! ```text
//!  stock.db                           the replica
//!  stock.db.json                      its manifest, put last
//!  stock.db.generations/41.db         each generation's file
//!  stock.db.generations/41.json       each generation's manifest
//!  stock.db.generations/42.uploading  says whose number 42 is, until its manifest is there
//!  stock.db.generations/switching     says who is about to put a generation in the replica's place
//! ```
//!
//! A store has neither renames nor links nor locks, but it puts an object whole, and puts it under a condition. So a
//! number is won by creating an object, before anything is uploaded under it; and a turn is an object too, which its
//! holder renews while it works. Whoever finds one that isn't renewed any more takes it over.

mod adopt;
mod claim;
mod keys;
mod look;
mod put;
mod replica;
mod roll_back;
mod sweep;
mod turn;
mod verify;

pub use claim::Publisher;
pub use replica::RemoteReplica;
pub use turn::Turn;
