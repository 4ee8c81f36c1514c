//! After a side has broken: what the other has to say, and which of the two connections can be used again.
//!
//! A side that was heard to the end of its answer goes back to its session. The other connections are closed: a source
//! that would send for hours, a target that doesn't answer.

use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{BufMut as _, BytesMut};
use postgres_protocol::message::frontend;
use tokio::time::timeout;

use crate::domain::failure::Side;
use crate::postgres::error::{PgError, PgErrorKind};

use super::error::{RelayError, protocol};
use super::pool::{Buffer, Pool};
use super::transfer::{Broken, INTO, Incoming, Outgoing, Transfer};

/// How long a side may take for its last words. It has nothing to do but to roll back.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// How long it takes until a server that goes down has said so to all its sessions.
const TOGETHER: Duration = Duration::from_millis(100);

/// What the target is told when the source fails; it repeats it in its error.
const NO_MORE_ROWS: &str = "the source of the rows failed";

impl Transfer<'_> {
    /// Ends both sides after one has broken.
    pub(super) async fn settle(self, broken: Broken) -> RelayError {
        let Self { mut source, mut target, mut pool, .. } = self;
        let half_sent = pool.discard();
        let Broken { side, mut error } = broken;
        let other = if side == Side::Source {
            let ending = Box::pin(end_target(&mut target, half_sent, true));
            let (words, other) = tokio::join!(last_words(&error, hear_source(&mut source, &mut pool)), ending);
            prefer(&mut error, words);
            other
        } else {
            let words = last_words(&error, end_target(&mut target, half_sent, false)).await;
            prefer(&mut error, words);
            let patience = if is_of_connection(&error) { TOGETHER } else { Duration::ZERO };
            timeout(patience, hear_source(&mut source, &mut pool)).await.ok().flatten()
        };
        if source.is_done() {
            source.loan.give_back();
        }
        if target.is_done() {
            target.loan.give_back();
        }
        RelayError::of(side, error, other)
    }
}

/// What a side says after it has broken, in its time.
async fn last_words(error: &PgError, words: impl Future<Output = Option<PgError>>) -> Option<PgError> {
    // Whoever doesn't keep to the protocol has nothing more to say that could be understood.
    if error.kind == PgErrorKind::Driver { None } else { timeout(LAST_WORDS, words).await.ok().flatten() }
}

/// A server's own words tell more than that the connection broke.
fn prefer(error: &mut PgError, words: Option<PgError>) {
    if let Some(words) = words
        && error.sqlstate.is_none()
        && words.sqlstate.is_some()
    {
        *error = words;
    }
}

fn is_of_connection(error: &PgError) -> bool {
    error
        .sqlstate
        .as_deref()
        .map_or(error.kind == PgErrorKind::Lost, |sqlstate| sqlstate.starts_with("57P") || sqlstate.starts_with("08"))
}

/// Hears the source until it has nothing more to say, and returns its first error. Rows are thrown away.
async fn hear_source(source: &mut Outgoing, pool: &mut Pool) -> Option<PgError> {
    to_the_end(|context| {
        if let Some(last) = pool.last() {
            source.hear(last)?;
        }
        while !source.is_done() {
            pool.discard();
            if !source.poll_read(pool, context)? {
                return Ok(false);
            }
        }
        Ok(true)
    })
    .await
}

/// Tells the target that no more rows will come, if it still waits for them, and returns its first error.
async fn end_target(target: &mut Incoming, half_sent: Option<Buffer>, fail: bool) -> Option<PgError> {
    let mut say = BytesMut::new();
    if let Some(half_sent) = &half_sent {
        say.put_slice(half_sent.unsent());
    }
    say.unsplit(std::mem::take(&mut target.say));
    if fail && !target.told_end && frontend::copy_fail(NO_MORE_ROWS, &mut say).is_err() {
        return Some(protocol(INTO, "the end of the rows can not be said"));
    }
    target.say = say;
    let ended = to_the_end(|context| {
        // Where nothing can be said any more, something may still be heard.
        drop(target.poll_say(context));
        while !target.is_done() {
            if !target.poll_hear(context)? {
                return Ok(false);
            }
        }
        Ok(true)
    });
    let error = timeout(LAST_WORDS, ended).await.ok()??;
    if error.is("57014") && error.message.contains(NO_MORE_ROWS) { None } else { Some(error) }
}

/// Polls a side until it is done, past what the server says went wrong. The first such error is returned.
async fn to_the_end(mut poll: impl FnMut(&mut Context<'_>) -> Result<bool, PgError>) -> Option<PgError> {
    let mut first: Option<PgError> = None;
    poll_fn(|context| {
        loop {
            match poll(context) {
                Ok(true) => return Poll::Ready(()),
                Ok(false) => return Poll::Pending,
                Err(error) => {
                    let over = error.sqlstate.is_none();
                    first.get_or_insert(error);
                    if over {
                        return Poll::Ready(());
                    }
                }
            }
        }
    })
    .await;
    first
}
