//! Alerts: what nobody else would notice is looked for, and what is recorded is told.
//!
//! ```text
//!   a run's end, a lost attempt ──┐ (in their own transactions)
//!   deadlines, lock waits ──watch─┼─► rows ──claim──► teller ──► webhook, program
//!   old replicas ──freshness──────┘    ▲                │
//!                                      └── later, again ┘
//! ```
//!
//! Told at least once: an alert that was taken by a daemon which dies is taken by another one, and whoever gets it twice
//! knows it again by its id. What can't be told is tried again for days, then given up, which stays on record.

mod deliver;
mod watch;

pub(super) use deliver::deliver;
pub(super) use watch::watch;
