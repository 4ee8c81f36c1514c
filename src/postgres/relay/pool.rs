//! The buffers between the sides: a bounded queue, each buffer one `CopyData` message for the target.
//!
//! The last buffer of the queue is filled, the first is sent. A buffer is *sealed* when its sending begins: its header
//! is written and nothing is added any more. Buffers that were sent are filled again.

use std::collections::VecDeque;

/// Size of a buffer. Some hundred rows, so that what a message costs the target doesn't show; small enough that all
/// buffers together stay in the processor's cache.
const BUFFER: usize = 128 * 1024;

/// Most buffers at a time: one that is sent, one that is filled, and what keeps either side from waiting for the other.
const BUFFERS: usize = 4;

/// Less room than this isn't read into: short reads cost as much as long ones.
const ROOM: usize = 32 * 1024;

/// Bytes of a message before its body: its kind, and its length.
pub(super) const HEADER: usize = 5;

/// The queue.
#[derive(Default)]
pub(super) struct Pool {
    queue: VecDeque<Buffer>,
    spare: Vec<Box<[u8]>>,
    made: usize,
}

/// One message for the target. `[0, HEADER)` is its header, `[HEADER, end)` its body; `[end, filled)` was read from the
/// source and is no row's so far: at most the beginning of a header, once it has been looked at.
pub(super) struct Buffer {
    pub(super) bytes: Box<[u8]>,
    pub(super) end: usize,
    pub(super) filled: usize,
    /// How much of a sealed buffer was sent.
    sent: Option<usize>,
}

impl Buffer {
    const fn of(bytes: Box<[u8]>) -> Self {
        Self { bytes, end: HEADER, filled: HEADER, sent: None }
    }

    const fn has_rows(&self) -> bool {
        self.end > HEADER
    }

    /// The part to read into.
    pub(super) fn room(&mut self) -> &mut [u8] {
        &mut self.bytes[self.filled..]
    }

    /// What is still to be sent of it.
    pub(super) fn unsent(&self) -> &[u8] {
        &self.bytes[self.sent.unwrap_or(0)..self.end]
    }

    /// Moves what follows the rows to another buffer, an empty one.
    fn carry_over(&mut self, to: &mut Self) {
        let begun = self.end..self.filled;
        to.filled = HEADER + begun.len();
        to.bytes[HEADER..to.filled].copy_from_slice(&self.bytes[begun]);
        self.filled = self.end;
    }

    fn seal(&mut self) {
        if self.sent.is_none() {
            // The length counts itself, but not the kind.
            let length = u32::try_from(self.end - 1).unwrap_or(u32::MAX);
            self.bytes[0] = b'd';
            self.bytes[1..HEADER].copy_from_slice(&length.to_be_bytes());
            self.sent = Some(0);
        }
    }
}

impl Pool {
    /// The buffer to read into, if there is room for a read that is worth it.
    pub(super) fn filling(&mut self) -> Option<&mut Buffer> {
        let fits = self.queue.back().is_some_and(|last| last.sent.is_none() && BUFFER - last.filled >= ROOM);
        if !fits {
            let mut fresh = self.fresh()?;
            if let Some(last) = self.queue.back_mut() {
                last.carry_over(&mut fresh);
            }
            self.queue.push_back(fresh);
        }
        self.queue.back_mut()
    }

    /// The buffer that was read into last.
    pub(super) fn last(&mut self) -> Option<&mut Buffer> {
        self.queue.back_mut()
    }

    /// What is to be sent next, if anything.
    pub(super) fn sending(&mut self) -> Option<&[u8]> {
        let first = self.queue.front()?;
        if !first.has_rows() {
            return None;
        }
        if self.queue.len() == 1 && first.end < first.filled {
            // Sealing it must not bury the beginning of the next message.
            let mut next = self.fresh()?;
            self.queue.front_mut()?.carry_over(&mut next);
            self.queue.push_back(next);
        }
        let first = self.queue.front_mut()?;
        first.seal();
        Some(first.unsent())
    }

    /// Notes that so many of those bytes were sent.
    pub(super) fn sent(&mut self, count: usize) {
        let Some(first) = self.queue.front_mut() else { return };
        first.sent = Some(first.sent.unwrap_or(0) + count);
        if first.unsent().is_empty()
            && let Some(done) = self.queue.pop_front()
        {
            self.spare.push(done.bytes);
        }
    }

    /// Whether no rows are left to be sent.
    pub(super) fn is_empty(&self) -> bool {
        !self.queue.iter().any(Buffer::has_rows)
    }

    /// Throws away all rows but for a message that is half sent, which is returned.
    pub(super) fn discard(&mut self) -> Option<Buffer> {
        let half_sent = match self.queue.front() {
            Some(first) if first.sent.is_some_and(|sent| sent > 0) => self.queue.pop_front(),
            _ => None,
        };
        if let Some(mut last) = self.queue.pop_back() {
            last.bytes.copy_within(last.end..last.filled, HEADER);
            last.filled = HEADER + last.filled - last.end;
            last.end = HEADER;
            last.sent = None;
            self.spare.extend(self.queue.drain(..).map(|buffer| buffer.bytes));
            self.queue.push_back(last);
        }
        half_sent
    }

    fn fresh(&mut self) -> Option<Buffer> {
        if let Some(bytes) = self.spare.pop() {
            return Some(Buffer::of(bytes));
        }
        (self.made < BUFFERS).then(|| {
            self.made += 1;
            Buffer::of(vec![0; BUFFER].into_boxed_slice())
        })
    }
}
