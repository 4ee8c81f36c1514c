//! Data from an HTTP server: one answer, several pages, or a report that is made first.
//!
//! ```text
//! source ─► report? ─► pages ─► call ─► render, sign ─► fetch
//!           create      next?   rate limit, tries
//!           poll        look
//!           delete
//! ```
//!
//! Pages that have come outlast an attempt that fails: `journal` writes them down, `kept` decides whether the next one may go
//! on with them.
//!
//! Every request goes through `call`, so all of them keep to the rate limit and are tried again alike. Every answer is a
//! file of the spool. Pages are looked through as they come, with one record in memory, to find the way to the next.

mod call;
mod count;
mod course;
mod journal;
mod keep;
mod kept;
mod leftover;
mod look;
mod meter;
mod pages;
mod render;
mod report;
mod source;

pub(super) use kept::kept;
pub(in crate::steps::collect) use kept::{Kept, keep};
pub(super) use source::fetch;
