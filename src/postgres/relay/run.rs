//! A relay from beginning to end.

use std::future::poll_fn;

use crate::domain::failure::Side;
use crate::postgres::session::Session;

use super::error::RelayError;
use super::flow::Flow;
use super::transfer::{INTO, OUT, Transfer};
use super::vanished::vanished;

/// One `COPY … TO STDOUT` of one session into one `COPY … FROM STDIN` of another.
pub struct Relay<'a> {
    /// Where the rows come from.
    pub source: &'a Session,
    /// The one statement that sends them.
    pub out: &'a str,
    /// Where the rows go to.
    pub target: &'a Session,
    /// The one statement that takes them, in the same format and with as many columns.
    pub into: &'a str,
    /// Counts as it goes.
    pub flow: &'a Flow,
}

/// What was relayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relayed {
    /// Rows, as the source counts them.
    pub read: u64,
    /// Rows, as the target counts them.
    pub written: u64,
    /// Bytes of rows, without the protocol's own.
    pub bytes: u64,
}

impl Relay<'_> {
    /// Copies all rows. Both sessions may be within a transaction, and can be used as before after success.
    ///
    /// After an error, or when the future is dropped, a session may have lost its connection; end it with
    /// `Session::stop`, which waits until its statement is over on the server too.
    pub async fn run(self) -> Result<Relayed, RelayError> {
        let _waiting = Waiting(self.flow);
        let (source, target) = match tokio::join!(self.source.lend(OUT), self.target.lend(INTO)) {
            (Ok(source), Ok(target)) => (source, target),
            (source, target) => {
                let first = if source.is_err() { Side::Source } else { Side::Target };
                let keep = |lent: Result<crate::postgres::connect::Loan, _>| match lent {
                    Ok(loan) => {
                        loan.give_back();
                        None
                    }
                    Err(error) => Some(error),
                };
                return Err(RelayError { source: keep(source), target: keep(target), first });
            }
        };
        let mut transfer = match Transfer::new((source, self.out), (target, self.into), self.flow) {
            Ok(transfer) => transfer,
            Err(broken) => return Err(RelayError::of(broken.side, broken.error, None)),
        };
        let moved = tokio::select! {
            biased;
            moved = poll_fn(|context| transfer.poll(context)) => moved,
            broken = vanished(self.source, self.target, self.flow) => Err(broken),
        };
        if let Err(broken) = moved {
            return Err(Box::pin(transfer.settle(broken)).await);
        }
        Ok(transfer.give_back())
    }
}

/// Nobody is waited for any more, however the relay has ended.
struct Waiting<'a>(&'a Flow);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.go_on();
    }
}
