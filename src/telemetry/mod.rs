//! Logging, metric names, masking of secrets.

pub mod mask;
pub mod metrics;
pub use mask::Masker;
pub use metrics::Metrics;
