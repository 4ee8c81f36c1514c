//! A new table that takes another's place: planned like the old one, filled under a hidden name, swapped in.
//!
//! ```text
//! places ─▶ plan ─▶ create ─▶ (rows, commit) ─▶ afterwards, references ─▶ (analyze) ─▶ swap
//! ```
//!
//! All of it works on many tables at once: five hundred cost a few queries, and one transaction puts them all in
//! place. What a table has is read before any row moves; what can't be kept is refused or told then. Nothing is ever
//! dropped with CASCADE.

mod check;
mod deferred;
mod definition;
mod dressing;
mod handover;
mod kept;
mod layout;
mod lock;
mod new_table;
mod place;
mod plan;
mod statement;
mod strays;
mod swap;
mod trial;
mod types;
mod wanted;

pub use check::check;
pub use deferred::{Deferred, complete, refer};
pub use lock::{LockMode, TableLock, begin_locked};
pub use new_table::{Replacement, speak};
pub use place::{Place, place, places};
pub use plan::plan;
pub use swap::{swap, swap_and};
pub use wanted::{Coming, Wanted};
