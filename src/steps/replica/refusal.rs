//! What a replica's folder may refuse, as a failure.

use std::io;

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};

/// A failure to read or write where a replica stands.
pub fn refused(doing: &str, error: &io::Error) -> Failure {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    let message = format!("{doing}: {error}");
    match error.kind() {
        StorageFull | QuotaExceeded | FileTooLarge => Failure::transient(Code::DiskFull, Side::Target, message)
            .with_hint("free some space: the new file is written in full before the old one goes"),
        _ => Failure::permanent(Code::ReplicaTarget, Side::Target, message)
            .with_hint("the folder must exist, and the user of this process must be able to write to it"),
    }
}
