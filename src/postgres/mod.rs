//! PostgreSQL: sessions that can be stopped, errors with a class, identifiers, COPY both ways, the embedded server.
//!
//! Nothing here knows jobs or steps. Raw driver errors never leave this module: `PgError` carries the server's words,
//! SQLSTATE, detail and hint, and turns into a `Failure` for the side it happened on.

pub mod embedded;
mod error;
mod ident;
mod server;
mod session;

pub use error::PgError;
pub use ident::{Ident, QualifiedName, literal};
pub use server::Server;
pub use session::Session;
