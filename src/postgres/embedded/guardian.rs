//! The guardian: stops the server when its last user is gone, even if that one was killed.
//!
//! A detached shell, because it must outlive every user and needs nothing but util-linux' `flock` and `pg_ctl`. It
//! holds `postgres.guard.lock` while it lives, so there is one at a time.

use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Stdio};

use super::account::Account;
use super::binaries::Binaries;
use super::error::EmbeddedError;
use super::layout::Layout;

/// What the guardian does. It says `on guard` once it has its lock, then waits without a timeout for the users' lock.
/// A user that was killed while the server came up leaves the mark `starting`: then the guardian gives the server a
/// moment to say that it runs, for what isn't there yet can't be stopped. The guard's lock goes before the users' lock,
/// so that whoever gets the latter can have a guardian of its own.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
exec 8<"$1" && flock -n 8 || exit 1
exec 9<"$2" || exit 1
echo 'on guard'
exec >/dev/null
flock -x 9 || exit 1
tries=0
while [ -e "$3" ] && [ ! -s "$4/postmaster.pid" ] && [ $tries -lt 50 ]; do
  sleep 0.1
  tries=$((tries + 1))
done
if [ -e "$4/postmaster.pid" ]; then
  "$5" stop -D "$4" -m fast -w -t 60 8<&- 9<&- || "$5" stop -D "$4" -m immediate -w -t 10 8<&- 9<&-
fi
exec 8<&-
"#;

/// Starts a guardian and waits until it is on guard. The caller holds the start lock and knows that there is none.
pub(super) fn start(layout: &Layout, account: &Account, binaries: &Binaries) -> Result<Child, EmbeddedError> {
    let shell = Path::new("/bin/sh");
    let mut command = account.command(shell);
    command.args(["-c", SCRIPT, "windlass-postgres-guardian"]);
    command.args([&layout.guard_lock, &layout.users_lock, &layout.starting, &layout.data]);
    command.arg(binaries.program("pg_ctl"));
    // A group of its own: Ctrl-C and a kill of the user's group must not reach it.
    command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|error| EmbeddedError::file("guarding", shell, &error))?;
    let mut said = String::new();
    if let Some(mut output) = child.stdout.take() {
        output.read_to_string(&mut said).map_err(|error| EmbeddedError::file("guarding", shell, &error))?;
    }
    if said.trim() == "on guard" {
        return Ok(child);
    }
    let status = child.wait().map_err(|error| EmbeddedError::file("guarding", shell, &error))?;
    Err(EmbeddedError::start("guarding", format_args!("the process that stops it when nobody uses it ended: {status}"))
        .with_hint("the program `flock` is needed: install util-linux"))
}
