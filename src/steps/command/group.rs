//! A process group that is ended as a whole.

use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use tokio::time::Instant;

/// How often a group that was asked to end is looked at: quick enough that nobody waits for it, and no load.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How long members may take to go after KILL. A process can't refuse it, but one that sits in a system call of a dead
/// network disk goes only later, and nobody may be there to reap one whose parent is gone.
pub(super) const AFTER_KILL: Duration = Duration::from_secs(5);

/// The group of a program that was started as its leader. Killed when dropped, unless it was ended before.
pub(in crate::steps) struct ProcessGroup {
    leader: Pid,
    ended: bool,
}

impl ProcessGroup {
    /// The group led by the process of that id.
    pub(in crate::steps) const fn led_by(process_id: i32) -> Self {
        Self { leader: Pid::from_raw(process_id), ended: false }
    }

    /// Asks all members to end.
    pub(in crate::steps) fn terminate(&self) {
        self.signal(Signal::SIGTERM);
    }

    /// Ends all members at once.
    pub(in crate::steps) fn kill(&self) {
        self.signal(Signal::SIGKILL);
    }

    /// Waits for the end of all members, which were asked to end before, and kills those that are there at the
    /// deadline. Returns whether the group is known to be gone. The leader must have been waited for: until then it
    /// counts as a member, and only its owner may reap it.
    pub(in crate::steps) async fn end(mut self, deadline: Instant) -> bool {
        self.ended = true;
        if self.gone_by(deadline).await {
            return true;
        }
        self.kill();
        self.gone_by(Instant::now() + AFTER_KILL).await
    }

    async fn gone_by(&self, deadline: Instant) -> bool {
        while !self.is_gone() {
            if Instant::now() >= deadline {
                return false;
            }
            tokio::time::sleep_until(deadline.min(Instant::now() + LOOK_EVERY)).await;
        }
        true
    }

    /// Whether nobody is left, the leader waited for. Members whose parent has gone are ours to reap where we are process 1, as in a container.
    pub(super) fn is_gone(&self) -> bool {
        let members = Pid::from_raw(-self.leader.as_raw());
        while let Ok(status) = waitpid(members, Some(WaitPidFlag::WNOHANG)) {
            if status == WaitStatus::StillAlive {
                break;
            }
        }
        killpg(self.leader, None) == Err(Errno::ESRCH)
    }

    /// A group's number isn't given to another process while the group has a member, so this reaches no stranger.
    fn signal(&self, signal: Signal) {
        // The only error is that nobody is left, which is what the signal is for.
        killpg(self.leader, signal).ok();
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        if !self.ended {
            self.signal(Signal::SIGKILL);
        }
    }
}
