//! The integration tests, in one binary: linking it once is cheaper than linking ten.

mod copy;
mod postgres;
mod sql;
mod support;
