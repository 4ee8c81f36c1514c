//! The SHA-256 of a file, and whether its blocks look whole on the way.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::thread;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use super::blocks::Blocks;
use crate::domain::hex::hex;

/// How much is read at once: enough that a call to the system costs nothing beside it.
const AT_ONCE: usize = 1 << 20;

/// Pause before the end of a file that still grows is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// A DuckDB file, read from its first byte to its last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// Its SHA-256 in lowercase hexadecimal digits.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    /// Whether all of its blocks bear their own checksums. Where they don't, some may be damaged, or just free.
    pub is_whole: bool,
}

/// Reads a file. Blocks for as long as that takes; ends early, with an error that says so, when `stop` fires.
///
/// Not for a file that somebody in this process has open in DuckDB to write: closing it here would drop DuckDB's lock.
pub fn fingerprint(path: &Path, stop: &CancellationToken) -> io::Result<Fingerprint> {
    fingerprint_growing(path, || true, stop)
}

/// The same of a file that grows until `is_whole` says that nothing more will come.
pub fn fingerprint_growing(
    path: &Path,
    is_whole: impl Fn() -> bool,
    stop: &CancellationToken,
) -> io::Result<Fingerprint> {
    let mut file = File::open(path)?;
    let mut buffer = vec![0; AT_ONCE];
    let (mut hasher, mut blocks, mut bytes) = (Sha256::new(), Blocks::default(), 0);
    loop {
        if stop.is_cancelled() {
            return Err(io::Error::new(io::ErrorKind::Interrupted, "stopped on request"));
        }
        // Asked before the read: what it finds then is all there is.
        let is_whole = is_whole();
        match file.read(&mut buffer) {
            Ok(0) if is_whole => break,
            Ok(0) => thread::sleep(LOOK_AGAIN),
            Ok(read) => {
                hasher.update(&buffer[..read]);
                blocks.pass(&buffer[..read]);
                bytes += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Fingerprint { sha256: hex(&hasher.finalize()), bytes, is_whole: blocks.are_whole() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_sha256sum_says() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, "abc").unwrap();
        let found = fingerprint(&path, &CancellationToken::new()).unwrap();
        assert!(!found.is_whole);
        assert_eq!(found.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
