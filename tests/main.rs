//! The one integration-test binary: an area a folder. One binary links DuckDB and starts PostgreSQL once.

mod copy;
mod ctas;
mod embedded;
mod postgres;
mod sql;
mod support;
