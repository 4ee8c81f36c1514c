//! A stream that the driver uses, and that can be lent to somebody else for a while.
//!
//! ```text
//! driver ──poll──▶ Tap ──▶ Wire                    (at home)
//! driver ──poll──▶ Tap     Wire ◀── Loan ── relay  (lent: the driver's polls wait)
//! ```
//!
//! Lent is only at the end of a message: a message whose first bytes the driver has read must be read to its end by
//! the driver. Who borrows gives back at the end of a message too, or not at all: a loan that is dropped closes the
//! connection, and the driver hears of it with its next poll.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsStream};

use super::wire::Wire;

/// The driver's end of a connection.
pub(in crate::postgres) struct Tap(Arc<Shared>);

/// The session's end: lends the stream.
#[derive(Clone)]
pub(in crate::postgres) struct TapLender(Arc<Shared>);

struct Shared(Mutex<State>);

struct State {
    place: Place,
    /// How much of the message that the driver is reading is still to come.
    message: Rest,
    driver: Option<Waker>,
    borrower: Option<Waker>,
}

enum Place {
    Home(Wire),
    Lent,
    Closed,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here leaves a state half-changed when it panics.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tap {
    /// A tap over a stream on which nothing has been read yet, and what lends it.
    pub(super) fn new(wire: Wire) -> (Self, TapLender) {
        let state = State { place: Place::Home(wire), message: Rest::default(), driver: None, borrower: None };
        let shared = Arc::new(Shared(Mutex::new(state)));
        (Self(Arc::clone(&shared)), TapLender(shared))
    }

    fn poll_home<T>(
        &self,
        context: &mut Context<'_>,
        poll: impl FnOnce(Pin<&mut Wire>, &mut Rest, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let mut state = self.0.state();
        let State { place, message, driver, borrower } = &mut *state;
        match place {
            Place::Home(wire) => {
                let polled = poll(Pin::new(wire), message, context);
                if message.is_none()
                    && let Some(borrower) = borrower.take()
                {
                    borrower.wake();
                }
                polled
            }
            Place::Lent => {
                *driver = Some(context.waker().clone());
                Poll::Pending
            }
            Place::Closed => {
                let error = io::Error::new(io::ErrorKind::ConnectionAborted, "the connection was given up");
                Poll::Ready(Err(error))
            }
        }
    }
}

impl AsyncRead for Tap {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.poll_home(context, |wire, message, context| {
            let before = into.filled().len();
            let polled = wire.poll_read(context, into);
            message.pass(&into.filled()[before..]);
            polled
        })
    }
}

impl AsyncWrite for Tap {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_home(context, |wire, _, context| wire.poll_write(context, from))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_home(context, |wire, _, context| wire.poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_home(context, |wire, _, context| wire.poll_shutdown(context))
    }
}

impl TlsStream for Tap {
    fn channel_binding(&self) -> ChannelBinding {
        match &self.0.state().place {
            Place::Home(wire) => wire.channel_binding(),
            Place::Lent | Place::Closed => ChannelBinding::none(),
        }
    }
}

impl TapLender {
    /// Takes the stream, once the driver has read to the end of a message. An error: it is gone, or somebody has it.
    pub(in crate::postgres) async fn lend(&self) -> io::Result<Loan> {
        poll_fn(|context| {
            let mut state = self.0.state();
            if !state.message.is_none() {
                state.borrower = Some(context.waker().clone());
                return Poll::Pending;
            }
            match std::mem::replace(&mut state.place, Place::Lent) {
                Place::Home(wire) => {
                    let user_timeout = wire.user_timeout();
                    wire.set_user_timeout(None);
                    Poll::Ready(Ok(Loan { wire: Some(wire), user_timeout, shared: Arc::clone(&self.0) }))
                }
                other => {
                    state.place = other;
                    Poll::Ready(Err(io::Error::new(io::ErrorKind::NotConnected, "the connection is not to be had")))
                }
            }
        })
        .await
    }
}

/// A stream away from its driver. Dropping it closes the connection.
pub(in crate::postgres) struct Loan {
    wire: Option<Wire>,
    /// What the stream has at home. Lent, it has none: it would end a connection to a peer that is well but takes
    /// nothing for a while.
    user_timeout: Option<Duration>,
    shared: Arc<Shared>,
}

impl Loan {
    /// The stream.
    pub(in crate::postgres) const fn wire(&mut self) -> Option<&mut Wire> {
        self.wire.as_mut()
    }

    /// Gives the stream back to the driver. The last message must have been read to its end, and no further.
    pub(in crate::postgres) fn give_back(mut self) {
        if let Some(wire) = self.wire.take() {
            wire.set_user_timeout(self.user_timeout);
            self.settle(Place::Home(wire));
        }
    }

    fn settle(&self, place: Place) {
        let mut state = self.shared.state();
        state.place = place;
        if let Some(driver) = state.driver.take() {
            driver.wake();
        }
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        if self.wire.take().is_some() {
            self.settle(Place::Closed);
        }
    }
}

/// What is still to come of a message: a byte for its kind, four for its length (which counts itself), its body.
#[derive(Default)]
struct Rest {
    header: [u8; 5],
    known: usize,
    body: usize,
}

impl Rest {
    const fn is_none(&self) -> bool {
        self.known == 0 && self.body == 0
    }

    fn pass(&mut self, mut bytes: &[u8]) {
        while let Some(first) = bytes.first() {
            if self.body > 0 {
                let part = self.body.min(bytes.len());
                self.body -= part;
                bytes = &bytes[part..];
                continue;
            }
            self.header[self.known] = *first;
            self.known += 1;
            bytes = &bytes[1..];
            if self.known == self.header.len() {
                let [_, length @ ..] = self.header;
                self.body = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX).saturating_sub(4);
                self.known = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_message_is_known_however_it_is_cut() {
        let messages = b"Z\0\0\0\x05IN\0\0\0\x04D\0\0\0\x09abcde";
        for size in 1..=messages.len() {
            let mut rest = Rest::default();
            let mut read = 0;
            for piece in messages.chunks(size) {
                rest.pass(piece);
                read += piece.len();
                assert_eq!(rest.is_none(), [6, 11, 21].contains(&read), "{read} bytes by {size}");
            }
        }
    }
}
