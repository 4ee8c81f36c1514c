//! Whether there is room for a new file, asked before an hour's work.

use std::fs;
use std::path::Path;

use nix::sys::statvfs::statvfs;

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::steps::StepContext;

/// Refuses to begin where a file of `needed` bytes has no room in the folder. What can't be found out doesn't hinder:
/// then it is the writing that fails.
pub(super) fn refuse_if_short(folder: &Path, needed: u64, context: &StepContext) -> Result<(), Failure> {
    let Ok(found) = statvfs(folder) else { return Ok(()) };
    #[cfg_attr(target_os = "linux", expect(clippy::unnecessary_cast, reason = "narrower on other systems"))]
    let free = (found.blocks_available() as u64).saturating_mul(found.fragment_size() as u64);
    context.debug(format!("needed: at most {}, free in {}: {}", size(needed), folder.display(), size(free)));
    if needed <= free {
        return Ok(());
    }
    let message = format!(
        "publishing to {}: the new file needs up to {}, free are {}; nothing was begun",
        folder.display(),
        size(needed),
        size(free)
    );
    Err(Failure::transient(Code::DiskFull, Side::Target, message).with_hint(
        "the new file stands beside the old one and beside the generations that stay: free some space, or lower `keep`",
    ))
}

/// Whether a copy from the one place to the other may share blocks, and so need no room.
pub(super) fn may_share_blocks(from: &Path, to: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let device = |path: &Path| fs::metadata(path).map(|found| found.dev()).ok();
    device(from).is_some() && device(from) == device(to) && shares_blocks(to)
}

/// Whether the file system knows how to share blocks between files.
#[cfg(target_os = "linux")]
fn shares_blocks(path: &Path) -> bool {
    use nix::sys::statfs::{BTRFS_SUPER_MAGIC, XFS_SUPER_MAGIC, statfs};
    statfs(path).is_ok_and(|found| [BTRFS_SUPER_MAGIC, XFS_SUPER_MAGIC].contains(&found.filesystem_type()))
}

#[cfg(not(target_os = "linux"))]
fn shares_blocks(_path: &Path) -> bool {
    false
}

/// A size in words that tell two sizes apart.
fn size(bytes: u64) -> String {
    const MIB: u64 = 1 << 20;
    match bytes {
        0..MIB => format!("{bytes} bytes"),
        _ => format!("{}.{} MiB", bytes / MIB, bytes % MIB * 10 / MIB),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_well() {
        assert_eq!(size(17), "17 bytes");
        assert_eq!(size(3 * (1 << 20) / 2), "1.5 MiB");
    }
}
