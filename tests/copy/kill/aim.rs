//! Sessions of the test itself on both sides, opened before the copy begins so that nothing delays the strike.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use windlass::postgres::Session;

use super::Side;

/// The daemon's sessions: process, and what it is doing.
const SESSIONS: &str = "
    select pid, concat_ws(' ', split_part(application_name, '/', 5) || ':', state,
                          left(regexp_replace(query, '\\s+', ' ', 'g'), 40))
    from pg_stat_activity where application_name like 'windlass/%' and backend_type = 'client backend'";

/// A session on each side.
pub(super) struct Aim {
    pub(super) source: Session,
    pub(super) target: Session,
}

impl Aim {
    /// The daemon's sessions on a side.
    pub(super) async fn found(&self, side: Side) -> Vec<(i32, String)> {
        let rows = self.on(side).query(SESSIONS, &[], "looking for sessions").await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    /// Terminates one of the daemon's sessions on a side, or all of them.
    pub(super) async fn terminate(&self, side: Side, all: bool, rng: &mut StdRng) -> Vec<String> {
        let mut found = self.found(side).await;
        if !all {
            found = found.choose(rng).cloned().into_iter().collect();
        }
        let (pids, doing): (Vec<i32>, Vec<String>) = found.into_iter().unzip();
        let end = "select pg_terminate_backend(pid) from unnest($1::int[]) pid";
        self.on(side).query(end, &[&pids], "terminating").await.unwrap();
        doing
    }

    /// Kills the process of one of the daemon's sessions, upon which the server throws out everybody and recovers.
    pub(super) async fn crash(&self, side: Side, rng: &mut StdRng) -> Vec<String> {
        let found = self.found(side).await;
        let Some((pid, doing)) = found.choose(rng) else { return Vec::new() };
        // It may have ended by itself meanwhile.
        kill(Pid::from_raw(*pid), Signal::SIGKILL).map_or_else(|_| Vec::new(), |()| vec![doing.clone()])
    }

    const fn on(&self, side: Side) -> &Session {
        match side {
            Side::Source => &self.source,
            Side::Target => &self.target,
        }
    }
}
