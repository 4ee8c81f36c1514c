//! The step kind `sql`.
