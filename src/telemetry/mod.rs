//! Logging, metric names, masking of secrets.
