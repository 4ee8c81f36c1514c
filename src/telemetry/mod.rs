//! Logging, metric names, masking of secrets.

pub mod metrics;
pub use metrics::Metrics;
