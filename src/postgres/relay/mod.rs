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
//!
//! Measured with `benches/relay.rs` on two idle cores, 5 million rows, 749 MB in binary, medians of 3: 0.48 s of own CPU
//! (two psql in a pipe: 1.15 s), most of it the kernel's copying; `nap.rs` says what the rest was. Tried and not kept, for
//! they gained nothing that could be told from noise: buffers from 32 to 256 KiB, 4 to 16 of them. Passing the rows' own
//! headers on costs us no less, and the target's server 7 % more CPU.

mod answer;
mod copy_out;
mod error;
mod flow;
mod nap;
mod pool;
mod run;
mod settle;
mod transfer;
mod unpack;
mod vanished;

pub use copy_out::{Block, CopyOut};
pub use error::RelayError;
pub use flow::Flow;
pub use run::{Relay, Relayed};
