//! `windlass.yaml`: where things are and how the daemon runs.
