//! The embedded server: a private PostgreSQL cluster under the data directory, run from the programs on the machine.
//!
//! ```text
//!   serve ──┐ shared flock                      exclusive flock        ┌─ pg_ctl stop
//!           ├──────────────► postgres.users.lock ◄──────────── guardian┤
//!   run ────┘  (freed by the kernel, also on kill -9)                  └─ ends itself
//! ```
//!
//! The invariant: while anybody holds `postgres.users.lock` the server runs, and soon after nobody does, neither it nor
//! its guardian does. The guardian is a detached shell that waits for the exclusive lock, so it decides only when
//! there is no user and a newcomer waits until it is done. Starting is serialised by `postgres.start.lock`.
//!
//! Unix socket only, in a folder that only the server's user may enter; that folder is the authentication. PostgreSQL
//! refuses to run as root, so root starts it as an unprivileged user. Upgrading a cluster to another major version is
//! left to `pg_upgrade`.

mod account;
mod binaries;
mod cluster;
mod error;
mod guardian;
mod launch;
mod layout;
mod lock;
mod owner;
mod postmaster;

pub use binaries::Binaries;
pub use error::EmbeddedError;
pub use owner::{Embedded, EmbeddedSettings};
