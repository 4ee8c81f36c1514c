//! Who this daemon is, and whether a neighbour on the same machine still lives.
//!
//! A pid alone says little: it is given out again, and means nothing in another container. So a daemon is known by
//! machine, boot and process namespace, pid, and the time at which that process started.

use std::fs;

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;

use crate::domain::ids::DaemonId;
use crate::store::Identity;

/// This process as a new incarnation of a daemon.
pub(super) fn this_process() -> Identity {
    let pid = std::process::id();
    Identity {
        id: DaemonId(uuid::Uuid::now_v7()),
        host: host(),
        pid: i32::try_from(pid).unwrap_or(0),
        process_started: started(pid).unwrap_or(0),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// Whether that process of this host is certainly gone. Where the system can't tell, it isn't certain.
pub(super) fn is_gone(pid: i32, process_started: i64) -> bool {
    let Ok(number) = u32::try_from(pid) else { return false };
    // Without a start time of our own there is no way to read another's.
    if process_started == 0 || started(std::process::id()).is_none() {
        return false;
    }
    match started(number) {
        Some(found) => found != process_started,
        // It may be hidden from us (`hidepid`). Another user's process may not be signalled, but then it is there. Should
        // that be another than the daemon, the lease lapses.
        None => is_zombie(number) || kill(Pid::from_raw(pid), None) == Err(Errno::ESRCH),
    }
}

/// Machine, boot and process namespace.
fn host() -> String {
    let name = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok()).unwrap_or_default();
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let namespace = fs::read_link("/proc/self/ns/pid").map(|path| path.display().to_string()).unwrap_or_default();
    format!("{name}/{}/{namespace}", boot.trim())
}

/// When a process started, in ticks since boot: field 22 of `/proc/<pid>/stat` (proc(5)). A zombie has ended; its parent
/// just hasn't looked.
fn started(pid: u32) -> Option<i64> {
    let fields = fields(pid)?;
    if fields.first()? == "Z" {
        return None;
    }
    fields.get(19)?.parse().ok()
}

fn is_zombie(pid: u32) -> bool {
    fields(pid).is_some_and(|fields| fields.first().is_some_and(|state| state == "Z"))
}

/// What `/proc/<pid>/stat` says from the third field on. The second is the program's name in parentheses and may hold
/// anything, so fields are counted after the last of them.
fn fields(pid: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    Some(after_name.split_ascii_whitespace().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_gone_when_its_pid_is_free_or_given_out_again() {
        let me = this_process();
        assert!(!is_gone(me.pid, me.process_started));
        assert!(is_gone(me.pid, me.process_started + 1));
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = child.id();
        let at = started(pid).unwrap_or(1);
        child.wait().unwrap();
        assert!(is_gone(i32::try_from(pid).unwrap(), at));
    }
}
