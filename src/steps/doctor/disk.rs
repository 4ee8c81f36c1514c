//! Room on the disks that Windlass writes to.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::sys::statvfs::statvfs;

use crate::domain::finding::{Finding, Verdict};
use crate::domain::job::Job;
use crate::steps::Connection;
use crate::steps::replica::announced;

use super::Patient;

/// Less than this is soon used up by a body that is spooled, or a replica.
const LITTLE: u64 = 2 << 30;

/// With less than this logs and the embedded server are in danger.
const NONE: u64 = 100 << 20;

/// Looks at each disk once, by the first of its folders.
pub(super) fn examine(patient: &Patient, jobs: &[(Job, PathBuf)]) -> Vec<Finding> {
    let mut folders = vec![("data_dir".to_owned(), patient.data_dir.clone())];
    for (name, connection) in &patient.connections {
        if let Connection::DuckDb(file) = connection {
            folders.extend(file.path().parent().map(|folder| (format!("connection {name}"), folder.to_owned())));
        }
    }
    for (job, base) in jobs {
        let Ok(params) = crate::domain::params::complete(job, BTreeMap::new()) else { continue };
        let replicas = announced(job, base, &params, &patient.env).into_iter().filter_map(|one| one.path);
        folders
            .extend(replicas.filter_map(|path| Some((format!("replica of {}", job.name), path.parent()?.to_owned()))));
    }
    let mut seen = std::collections::BTreeSet::new();
    let mut found = Vec::new();
    for (what, folder) in folders {
        let Some(there) = folder.ancestors().find(|folder| folder.exists()) else { continue };
        let device = std::fs::metadata(there).map(|there| there.dev()).ok();
        if device.is_some_and(|device| seen.insert(device)) {
            found.extend(room(&what, there));
        }
    }
    found
}

fn room(what: &str, folder: &Path) -> Option<Finding> {
    let disk = statvfs(folder).ok()?;
    let free = (disk.blocks_available() as u64).saturating_mul(disk.fragment_size() as u64);
    let all = (disk.blocks() as u64).saturating_mul(disk.fragment_size() as u64);
    let seen = format!("{} of {} MiB free at {}", free >> 20, all >> 20, folder.display());
    let verdict = match free {
        0..NONE => Verdict::Problem,
        NONE..LITTLE => Verdict::Warning,
        _ => return Some(Finding::fine("disk", what, seen)),
    };
    Some(
        Finding::new("disk", what, verdict, seen)
            .because("bodies on their way, replicas and logs need room")
            .mended_by(format!("du -xh --max-depth=2 '{}' | sort -h | tail", folder.display())),
    )
}
