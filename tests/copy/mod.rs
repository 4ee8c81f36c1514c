//! The step kind `copy_to_staging`.
