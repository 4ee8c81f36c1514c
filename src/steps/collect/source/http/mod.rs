//! Data from an HTTP server: one answer, several pages, or a report that is made first.
//!
//! ```text
//! source ─► report? ─► pages ─► call ─► render, sign ─► fetch
//!           create      next?   rate limit, tries
//!           poll        look
//!           delete
//! ```
//!
//! Every request goes through `call`, so all of them keep to the rate limit and are tried again alike. Every answer is a
//! file of the spool. Pages are looked through as they come, with one record in memory, to find the way to the next.

mod call;
mod count;
mod course;
mod keep;
mod leftover;
mod look;
mod pages;
mod render;
mod report;
mod source;

pub(super) use source::fetch;
