//! The engine on a real state database: retry, timeout, cancel, locks, overlap, take-over, drain, firings.

mod circles;
mod firings;
mod house;
mod last_outcome;
mod ledger;
mod lock_ends;
mod lock_schedules;
mod locks;
mod notes;
mod plans;
mod recovery;
mod reservations;
mod runs;
mod together;
mod world;
