//! Reading PostgreSQL tables and queries, for the steps that move them elsewhere: which there are, how they are divided
//! among streams, as of which moment, and how far the reading is.
//!
//! All sessions of a reading see one snapshot. Nothing in here knows where the rows go.

pub(super) mod divide;
pub(super) mod meter;
pub(super) mod part;
pub(super) mod rate;
pub(super) mod selection;
pub(super) mod snapshot;
pub(super) mod source;
pub(super) mod streams;
