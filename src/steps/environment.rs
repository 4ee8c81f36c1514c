//! What steps share within a process: named connections, object stores, the spool folder, open DuckDB files.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::duckdb::DuckDbFile;
use crate::fetch::RateLimits;
use crate::objects::ObjectStores;
use crate::postgres::Server;

/// A named connection of `windlass.yaml`.
#[derive(Clone, Debug)]
pub enum Connection {
    /// A PostgreSQL database.
    Postgres(Server),
    /// A DuckDB file.
    DuckDb(DuckDbFile),
}

/// What steps share within a process.
#[derive(Debug, Default)]
pub struct Environment {
    /// Connections by name.
    pub connections: BTreeMap<String, Connection>,
    /// Object stores.
    pub objects: ObjectStores,
    /// Folder for bodies on their way; each attempt makes a folder of its own in it and removes it.
    pub spool: PathBuf,
    /// Environment variables that templates may read.
    pub env: BTreeMap<String, String>,
    /// How many requests are sent to whom.
    pub rate_limits: RateLimits,
}

impl Environment {
    /// The connection of that name.
    pub fn connection(&self, name: &str) -> Result<&Connection, Failure> {
        self.connections.get(name).ok_or_else(|| {
            let known = self.connections.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            Failure::permanent(Code::Connection, Side::Internal, format!("there is no connection `{name}`"))
                .with_hint(format!("connections in windlass.yaml: {known}"))
        })
    }

    /// The PostgreSQL connection of that name.
    pub fn postgres(&self, name: &str) -> Result<&Server, Failure> {
        match self.connection(name)? {
            Connection::Postgres(server) => Ok(server),
            Connection::DuckDb(_) => Err(wrong_kind(name, "DuckDB", "PostgreSQL")),
        }
    }

    /// The DuckDB connection of that name.
    pub fn duckdb(&self, name: &str) -> Result<&DuckDbFile, Failure> {
        match self.connection(name)? {
            Connection::DuckDb(file) => Ok(file),
            Connection::Postgres(_) => Err(wrong_kind(name, "PostgreSQL", "DuckDB")),
        }
    }
}

fn wrong_kind(name: &str, is: &str, should_be: &str) -> Failure {
    Failure::permanent(
        Code::Connection,
        Side::Internal,
        format!("connection `{name}` is a {is} connection; this step needs a {should_be} one"),
    )
}
