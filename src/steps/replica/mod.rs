//! A replica as it lies on a disk, whoever looks at it: the step that publishes, the command that goes back, the daemon
//! that asks how old it is.
//!
//! `domain::replica` has the layout. A generation is in its folder when both its file and its manifest are; a file
//! without a manifest is what a crash left. The published generation is the one whose file is the replica itself, the
//! same on disk under two names; so a crash between the rename of the file and that of the manifest can be told from
//! all else, and is finished by whoever comes next.
//!
//! Everything here blocks and knows no step; what changes a replica wants the `PublishLock` held.

mod announced;
mod blocks;
mod contents;
mod digest;
mod health;
mod keep;
mod layout;
mod lock;
mod manifest;
mod refusal;
pub mod remote;
mod roll_back;
mod show;
mod state;
mod verify;

pub use announced::{Announced, announced};
pub use contents::{Contents, TableRows, contents};
pub use digest::{Fingerprint, fingerprint, fingerprint_growing};
pub use health::{age, problems, unfinished_files};
pub use layout::{Layout, logs_of};
pub use lock::PublishLock;
pub use refusal::refused;
pub use roll_back::roll_back;
pub use state::State;
pub use verify::wrong_with;

pub(super) use contents::{count_in, look, read_all};
pub(super) use keep::{remove_halves, remove_old};
pub(super) use layout::with_ending;
pub(super) use manifest::own_as;
pub(super) use show::{enter, finish, leave, show, show_again};
