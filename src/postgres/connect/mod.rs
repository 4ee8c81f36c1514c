//! Connecting: from a configuration to a client whose connection can be lent.
//!
//! ```text
//! addresses ──▶ socket ──▶ encryption ──▶ wire ──▶ tap ──▶ the driver's login (SCRAM, parameters, cancel key)
//! ```
//!
//! The driver's own way to connect keeps the stream to itself. So that a relay can have it for a while, the stream is
//! made here, and the driver gets it through a tap that can be lent. All that the driver's configuration says about
//! hosts, timeouts, keepalives, TLS and the kind of server holds here too.

mod address;
mod encryption;
mod login;
mod reach;
mod socket;
mod tap;
mod wire;

pub(super) use address::Address;
pub(crate) use address::hosts_alone;
pub(super) use encryption::encrypted;
pub(super) use login::{Login, log_in};
pub(super) use reach::is_out_of_reach;
pub(super) use tap::{Loan, TapLender};
pub(super) use wire::{Ready, Wire};
