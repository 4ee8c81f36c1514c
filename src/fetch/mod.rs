//! Outgoing HTTP: bodies spooled to disk, errors with a class.
