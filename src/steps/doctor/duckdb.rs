//! A DuckDB file, looked at from outside: opening it would be in the way of whoever wants to write to it, and closing it
//! again would take the locks of this very process.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::unistd::{AccessFlags, access};

use crate::domain::finding::{Finding, Verdict};
use crate::duckdb::{EXPECTED_VERSION, library_version};

/// Looks at a file.
pub(super) fn examine(subject: &str, path: &Path) -> Vec<Finding> {
    let shown = path.display();
    let folder = path.parent().unwrap_or_else(|| Path::new("/"));
    if !folder.is_dir() {
        let seen = format!("{} is not there", folder.display());
        return vec![
            Finding::new(subject, "file", Verdict::Problem, seen).mended_by(format!("mkdir -p '{}'", folder.display())),
        ];
    }
    let may = |path: &Path, flags: AccessFlags| access(path, flags).is_ok();
    let me =
        nix::unistd::User::from_uid(nix::unistd::geteuid()).ok().flatten().map_or_else(String::new, |user| user.name);
    let mut found = Vec::new();
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            found.push(Finding::fine(
                subject,
                "file",
                format!("{shown} is not there yet; the first step that writes makes it"),
            ));
        }
        Err(error) => found.push(Finding::new(subject, "file", Verdict::Problem, format!("{shown}: {error}"))),
        Ok(_) if !may(path, AccessFlags::R_OK) => {
            let seen = format!("{shown} can't be read by {me}");
            found
                .push(Finding::new(subject, "file", Verdict::Problem, seen).mended_by(format!("chown {me} '{shown}'")));
        }
        Ok(_) if !may(path, AccessFlags::W_OK) => {
            let seen = format!("{shown} can be read by {me}, and not written");
            found
                .push(Finding::new(subject, "file", Verdict::Warning, seen).mended_by(format!("chown {me} '{shown}'")));
        }
        Ok(there) => {
            found.push(Finding::fine(subject, "file", format!("{shown}, {} MiB", there.len() >> 20)));
            found.push(locked(subject, there.dev(), there.ino()));
        }
    }
    if !may(folder, AccessFlags::W_OK) {
        let seen = format!("{} can't be written by {me}", folder.display());
        found.push(
            Finding::new(subject, "folder", Verdict::Problem, seen)
                .because("DuckDB writes its log (.wal) and what doesn't fit into memory beside the file")
                .mended_by(format!("chown {me} '{}'", folder.display())),
        );
    }
    found
}

/// The library that this process has loaded.
pub(super) fn library() -> Finding {
    match library_version() {
        Ok(version) if version == EXPECTED_VERSION => Finding::fine("duckdb", "library", version),
        Ok(version) => {
            let seen = format!("{version}, and Windlass is built for {EXPECTED_VERSION}");
            Finding::new("duckdb", "library", Verdict::Problem, seen).mended_by("windlass explain WL0505")
        }
        Err(error) => Finding::new("duckdb", "library", Verdict::Problem, error.to_string()),
    }
}

/// Who has the file locked, as the kernel tells it.
fn locked(subject: &str, device: u64, inode: u64) -> Finding {
    let locks = std::fs::read_to_string("/proc/locks").unwrap_or_default();
    let me = i32::try_from(std::process::id()).unwrap_or(0);
    let holder = holders(&locks, device, inode).into_iter().find(|(pid, _)| *pid != me);
    let Some((pid, writes)) = holder else { return Finding::fine(subject, "lock", "nobody has it locked") };
    let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    let what = if writes { "for writing" } else { "for reading" };
    let seen = format!("process {pid} ({}) has it open {what}", name.trim());
    Finding::new(subject, "lock", Verdict::Warning, seen)
        .because(
            "a step that wants to write waits for its turn, by its `retry`; readers should open a published replica",
        )
        .mended_by(format!("ps -o pid,user,lstart,args -p {pid}"))
}

/// Processes with a lock on a file, and whether it is one for writing, from the lines of `/proc/locks`.
fn holders(locks: &str, device: u64, inode: u64) -> Vec<(i32, bool)> {
    let (major, minor) = (nix::sys::stat::major(device), nix::sys::stat::minor(device));
    let file = format!("{major:02x}:{minor:02x}:{inode}");
    let read = |line: &str| {
        // `1: POSIX  ADVISORY  WRITE 12345 08:01:131073 0 EOF`; one that waits has an arrow before its kind.
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, kind, _, mode, pid, of, ..] = words.as_slice() else { return None };
        (*kind != "->" && *of == file).then(|| Some((pid.parse().ok()?, *mode == "WRITE")))?
    };
    locks.lines().filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holders_of_a_lock_are_read_from_the_kernels_list() {
        let locks = "1: POSIX  ADVISORY  WRITE 12345 08:01:131073 0 EOF\n1: -> POSIX  ADVISORY  READ 7 08:01:131073 0 EOF\n\
                     2: FLOCK  ADVISORY  READ 8 08:01:131074 0 EOF\n3: nonsense\n";
        let device = nix::sys::stat::makedev(8, 1);
        assert_eq!(holders(locks, device, 131_073), [(12345, true)]);
        assert_eq!(holders(locks, device, 131_074), [(8, false)]);
        assert!(holders(locks, device, 1).is_empty());
    }
}
