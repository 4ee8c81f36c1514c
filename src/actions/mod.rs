//! What people and programs do to jobs and runs, whichever way they come: by a command or over HTTP.
//!
//! Each action finds what is meant, refuses what can't be done now, does it together with the record of who did it, and
//! returns what the JSON of the command and of the API says. Nothing here prints or knows HTTP.

pub mod backfill;
pub mod cancel;
pub mod find;
pub mod firings;
pub mod moment;
pub mod outside;
pub mod pause;
pub mod resume;
pub mod retry;
pub mod suggest;
pub mod trigger;
