//! What answers need beside memory.

use std::path::PathBuf;

use crate::engine::Replicas;
use crate::store::Store;

/// The state database and the folders that answers are read from. Cheap to clone.
#[derive(Clone)]
pub struct Backend {
    /// The state, through connections of its own: many readers of pages must not make the engine wait for one.
    pub store: Store,
    /// Folder of the attempts' logs on this machine.
    pub logs: PathBuf,
    /// The replicas that jobs publish.
    pub replicas: Replicas,
}
