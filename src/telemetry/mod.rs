//! What Windlass tells about itself: metrics and logs, and the one place where secrets are masked.
//!
//! Nothing here decides anything, and nothing here knows who counts or logs.

pub mod logging;
pub mod mask;
pub mod metrics;

pub use logging::{LogError, LogFormat, LogGuard, LogSettings};
pub use mask::{Masked, Masker};
pub use metrics::{Metrics, ReplicaSeen};
