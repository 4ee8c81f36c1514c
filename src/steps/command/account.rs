//! The system user that a program runs as, where the job file names one.
//!
//! Only root may start a program as somebody else. The program gets that user's primary group and no other: the standard
//! library can't give it more without unsafe code, and a program that needs less than root seldom needs more than its own.

use nix::unistd::{Uid, User};
use tokio::process::Command;

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};

/// Makes `command` run as the user of that name, with the home and names that a login would have.
pub(super) fn run_as(name: &str, command: &mut Command) -> Result<(), Failure> {
    let refused = |what: String| Failure::permanent(Code::CommandStart, Side::Internal, what);
    let user = User::from_name(name)
        .map_err(|error| refused(format!("looking for user `{name}`: {error}")))?
        .ok_or_else(|| refused(format!("there is no user `{name}` on this machine")).with_hint("check `user`"))?;
    let me = Uid::effective();
    if me.is_root() {
        command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
    } else if user.uid != me {
        let mine = User::from_uid(me).ok().flatten().map_or_else(|| me.to_string(), |user| user.name);
        return Err(refused(format!("the daemon runs as `{mine}` and can't start a program as `{name}`"))
            .with_hint("only root can: run the daemon as root or as that user, or delete `user`"));
    }
    command.env("HOME", &user.dir).env("USER", &user.name).env("LOGNAME", &user.name);
    Ok(())
}
