//! What can go wrong.

use std::time::Duration;

/// A fault.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// A daemon is killed, and another one started.
    Kill,
    /// A daemon is stopped by its supervisor, and another one started.
    Drain,
    /// A daemon stands still for so long, and goes on.
    Freeze(Duration),
    /// The state server is restarted: `fast` or `immediate`.
    State(&'static str),
    /// The target server is restarted.
    Target(&'static str),
    /// The state server answers nothing for so long, while connections stay open.
    Hang(Duration),
}

/// Shorter than a lease.
const BLINK: Duration = Duration::from_secs(2);

/// Longer than a lease: the others take over.
const SLEEP: Duration = Duration::from_secs(15);

impl Fault {
    /// Those that pass quickly.
    pub(super) fn short() -> Vec<Self> {
        let freeze = Self::Freeze(BLINK);
        vec![Self::Kill, Self::Drain, freeze, Self::State("fast"), Self::State("immediate"), Self::Target("immediate")]
    }

    /// All of them.
    pub(super) fn all() -> Vec<Self> {
        let mut all = Self::short();
        all.extend([Self::Kill, Self::Freeze(SLEEP), Self::Target("fast"), Self::Hang(BLINK), Self::Hang(SLEEP)]);
        all
    }

    /// As the table has it.
    pub(super) fn words(self) -> String {
        match self {
            Self::Kill => "a daemon is killed (SIGKILL), another one starts".to_owned(),
            Self::Drain => "a daemon is stopped (SIGTERM), another one starts".to_owned(),
            Self::Freeze(pause) => format!("a daemon is frozen for {} s (SIGSTOP)", pause.as_secs()),
            Self::State(how) => format!("the state server restarts ({how})"),
            Self::Hang(pause) => format!("the state server hangs for {} s", pause.as_secs()),
            Self::Target(how) => format!("the target server restarts ({how})"),
        }
    }
}
