//! The engine on a real state database: retry, timeout, cancel, locks, overlap, take-over, drain, firings.

mod firings;
mod locks;
mod notes;
mod recovery;
mod reservations;
mod runs;
mod world;
