//! The numbers at `/metrics`, for Prometheus: what is counted, and the words by which the rest of the crate counts.
//!
//! Names and labels are a promise to whoever has a dashboard. Labels stay bounded: jobs, steps and kinds come from job
//! files, outcomes are the labels of closed enums, and a replica's series goes when its step publishes another path.

mod families;
mod record;
#[cfg(test)]
mod tests;

pub use record::{Metrics, ReplicaSeen};
