//! PostgreSQL: sessions that can be stopped, errors with a class, identifiers, COPY both ways, the embedded server.
//!
//! Nothing here knows jobs or steps. Raw driver errors never leave this module: `PgError` carries the server's words,
//! SQLSTATE, detail and hint, and turns into a `Failure` for the side it happened on.

pub mod binary;
pub mod embedded;
pub mod replacement;

mod columns;
mod connect;
mod error;
mod ident;
mod listener;
mod monitoring;
mod pgpass;
mod relations;
mod relay;
mod server;
mod session;
mod stop;
mod sweep;
mod tls;
mod worker_slots;

pub use columns::{Column, columns};
pub(crate) use connect::hosts_alone;
pub use error::{PgError, PgErrorKind};
pub use ident::{Ident, QualifiedName, literal};
pub use listener::Listener;
pub use monitoring::Monitoring;
pub use relations::{Leaf, PAGE, Relation, RelationKind, find_relations, match_relations, relations};
pub use relay::{Block, CopyOut, Flow, Relay, RelayError, Relayed};
pub use replacement::{Place, place, places};
pub use server::Server;
pub use session::Session;
pub use sweep::{Marks, Swept, drop_hidden_tables, sweep};
pub use worker_slots::{WorkerSlots, is_worker_guard, server_identity, worker_guard, worker_holders};
