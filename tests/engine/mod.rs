//! The engine on a real state database: retry, timeout, cancel, locks, overlap, take-over, drain, firings.

mod firings;
mod last_outcome;
mod locks;
mod recovery;
mod reservations;
mod runs;
mod world;
