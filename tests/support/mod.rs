//! What tests share.

pub(crate) mod host;
