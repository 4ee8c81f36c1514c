//! A program's output, line by line, whatever it writes: no line is held beyond a limit, none is lost silently.

use std::collections::VecDeque;

use tokio::io::{AsyncRead, AsyncReadExt};

/// Longest line that is kept whole. Longer ones are cut, with a note: a program that writes a file to its output must
/// not fill the log with one line, nor our memory.
const LONGEST_LINE: usize = 8 * 1024;

/// Lines kept for the failure's message: a stack trace's end, not its whole.
const TAIL_LINES: usize = 8;

/// Longest line within a failure's message, in characters.
const TAIL_LINE: usize = 300;

/// Reads `output` to its end and hands on each line, without its line break. Bytes that aren't UTF-8 are replaced.
pub(in crate::steps) async fn each_line(mut output: impl AsyncRead + Unpin, mut line: impl FnMut(&str)) {
    let mut lines = Lines::default();
    let mut buffer = vec![0; 16 * 1024];
    // A pipe that fails to be read ends like one that is closed: what the program does is seen by its exit code.
    while let Ok(count @ 1..) = output.read(&mut buffer).await {
        lines.push(&buffer[..count], &mut line);
    }
    lines.finish(&mut line);
}

/// Parts bytes into lines.
#[derive(Default)]
struct Lines {
    pending: Vec<u8>,
    cut: usize,
}

impl Lines {
    fn push(&mut self, mut bytes: &[u8], line: &mut impl FnMut(&str)) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.take(&bytes[..end]);
            self.end_line(line);
            bytes = &bytes[end + 1..];
        }
        self.take(bytes);
    }

    fn finish(mut self, line: &mut impl FnMut(&str)) {
        if !self.pending.is_empty() {
            self.end_line(line);
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        let room = LONGEST_LINE - self.pending.len();
        let kept = bytes.len().min(room);
        self.pending.extend_from_slice(&bytes[..kept]);
        self.cut += bytes.len() - kept;
    }

    fn end_line(&mut self, line: &mut impl FnMut(&str)) {
        let text = String::from_utf8_lossy(&self.pending);
        let text = text.trim_end_matches('\r');
        if self.cut == 0 {
            line(text);
        } else {
            line(&format!("{text} … ({} more bytes of this line left out)", self.cut));
        }
        self.pending.clear();
        self.cut = 0;
    }
}

/// The last lines of a program's complaints.
#[derive(Default)]
pub(in crate::steps) struct Tail(VecDeque<String>);

impl Tail {
    /// Remembers a line, and forgets the oldest if there are many.
    pub(in crate::steps) fn push(&mut self, line: &str) {
        if line.trim().is_empty() {
            return;
        }
        if self.0.len() == TAIL_LINES {
            self.0.pop_front();
        }
        self.0.push_back(line.chars().take(TAIL_LINE).collect());
    }

    /// The lines, for the end of a sentence; `None` if there were none.
    pub(in crate::steps) fn text(&self) -> Option<String> {
        let lines: Vec<&str> = self.0.iter().map(String::as_str).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines_of(bytes: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        each_line(bytes, |line| lines.push(line.to_owned())).await;
        lines
    }

    #[tokio::test]
    async fn lines_arrive_whole_whatever_the_buffers_hold() {
        assert_eq!(lines_of("하나\r\n둘\n\n끝".as_bytes()).await, ["하나", "둘", "", "끝"]);
        assert_eq!(lines_of(b"bad \xff byte\n").await, ["bad \u{fffd} byte"]);
    }

    #[tokio::test]
    async fn a_line_without_end_is_cut_and_says_so() {
        let lines = lines_of(&vec![b'x'; 100_000]).await;
        assert_eq!(lines.len(), 1);
        assert!(lines[0].len() < LONGEST_LINE + 100, "{}", lines[0].len());
        assert!(lines[0].ends_with(&format!("({} more bytes of this line left out)", 100_000 - LONGEST_LINE)));
    }
}
