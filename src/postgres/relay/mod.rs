//! Rows out of one server into another, as COPY's bytes: no row is looked at, no row is a message to anybody here.
//!
//! ```text
//! source ── CopyData, CopyData, … ──▶ a few buffers, each one CopyData ──▶ target
//!                    ◀── what the target has to say, heard while it is written to
//! ```
//!
//! The driver passes each row on as a message of its own, between tasks; that costs more than the network. A relay
//! borrows the streams of two sessions, says COPY on both, and moves the bytes itself: it reads into a buffer, closes
//! the gaps that the headers of the rows' messages leave, and sends the buffer as one message. Where a row ends is of
//! no interest to COPY FROM STDIN, so a row may be larger than all buffers together.
//!
//! Each side runs ahead of the other as far as the buffers reach; a target that stalls stops the source. Memory is the
//! buffers and the server's longest message other than rows, however long a row is.

mod answer;
mod error;
mod flow;
mod pool;
mod run;
mod settle;
mod transfer;
mod unpack;

pub use error::RelayError;
pub use flow::Flow;
pub use run::{Relay, Relayed};
