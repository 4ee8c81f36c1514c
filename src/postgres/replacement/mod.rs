//! A new table that takes another's place: planned like the old one, filled under a hidden name, swapped in.
//!
//! ```text
//! places ─▶ plan ─▶ create ─▶ (rows, commit) ─▶ afterwards, references ─▶ (analyze) ─▶ swap
//! ```
//!
//! All of it works on many tables at once: five hundred cost a few queries, and one transaction puts them all in
//! place. What a table has is read before any row moves; what can't be kept is refused or told then. Nothing is ever
//! dropped with CASCADE.

mod carry;
mod check;
mod deferred;
mod lock;
mod place;
mod plan;
mod swap;
mod types;
mod wanted;

pub use check::check;
pub use deferred::{Deferred, complete, references};
pub use lock::{LockMode, TableLock, begin_locked};
pub use place::{Place, place, places};
pub use plan::{Replacement, plan};
pub use swap::swap;
pub use wanted::{Coming, Wanted};
