//! The state database: runs, attempts, firings, leases and locks in PostgreSQL.
