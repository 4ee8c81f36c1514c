//! A job file as people write it: read, checked as a whole, and resolved into `domain::job::Job`.
//!
//! ```text
//! text ─ node (a tree with places) ─ shape (against the schema) ─ raw (plain structs) ─ resolve ─ domain::job::Job
//! ```
//!
//! Each stage records what is wrong and hands on what is right, so one look at a file finds all of its problems. The
//! settings file goes the same way, in `crate::settings`.

pub(crate) mod authored;
mod diagnostic;
mod duration;
mod known;
mod load;
mod node;
mod problems;
mod raw;
mod resolve;
mod schema;
mod shape;
mod source;
mod suggest;

pub use diagnostic::{Diagnostic, print};
pub use known::{ConnectionKind, Known};
pub use load::{Loaded, job_files, load_dir, load_file, load_text};
pub use schema::schema;
pub(crate) use suggest::nearest;
