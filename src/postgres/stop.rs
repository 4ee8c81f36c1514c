//! Ending work on the server: cancel first, terminate when that doesn't help, and look whether it is gone.
//!
//! A cancel request is racy by design: it may come before the statement starts, and the server never says what became
//! of it. So it is repeated, it has a deadline, and the last word is what `pg_stat_activity` shows to another session.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Instant, interval, sleep, timeout};
use tokio_postgres::config::SslMode;

use super::connect::{Ready, encrypted, log_in};
use super::error::{PgError, PgErrorKind};
use super::server::Server;
use super::session::Backend;

/// How long a cancelled statement may take to end before its process is terminated. Ending means rolling back, which
/// PostgreSQL does at once; what takes longer is stuck in I/O or in code that doesn't look.
pub(super) const GRACE: Duration = Duration::from_secs(2);

/// How long a terminated process may take to be gone.
const DEADLINE: Duration = Duration::from_secs(10);

/// Pause between two cancel requests.
const CANCEL_AGAIN: Duration = Duration::from_millis(250);

/// Pause between two looks at `pg_stat_activity`.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

impl Backend {
    /// Asks the server to cancel what the process is running.
    pub(super) async fn cancel(&self) -> Result<(), PgError> {
        let doing = "cancelling a statement";
        let asking = async {
            let wire = encrypted(&self.server, &self.address, self.mode).await?;
            self.cancel.cancel_query_raw(wire, Ready).await.map_err(|error| PgError::new(doing, &error))
        };
        match timeout(GRACE, asking).await {
            Ok(asked) => asked.map_err(|error| PgError { doing: doing.to_owned(), ..error }),
            Err(_) => Err(PgError::without_server(doing, "the server did not answer in time", PgErrorKind::Lost)),
        }
    }
}

/// Waits until `work` has ended after cancels, else terminates its process. `None`: it had to be left.
pub(super) async fn end_work<T>(backend: &Backend, mut work: Pin<&mut impl Future<Output = T>>) -> Option<T> {
    let cancel_often = async {
        let mut ticks = interval(CANCEL_AGAIN);
        loop {
            ticks.tick().await;
            // A request that failed is made again; the deadline bounds both.
            drop(backend.cancel().await);
        }
    };
    tokio::select! {
        biased;
        done = &mut work => return Some(done),
        () = cancel_often => {}
        () = sleep(GRACE) => {}
    }
    drop(confirm_gone(backend).await);
    timeout(GRACE, work).await.ok()
}

/// Returns when the process is gone from the server, terminating it if it is still there.
pub(super) async fn confirm_gone(backend: &Backend) -> Result<(), PgError> {
    let doing = "ending a session on the server";
    let name = format!("{}/stop", backend.application_name);
    let control = backend.server.connect(&name).await?;
    let mine = "from pg_stat_activity where pid = $1 and application_name = $2";
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 2] = [&backend.pid, &backend.application_name];
    let deadline = Instant::now() + DEADLINE;
    let mut terminated = false;
    loop {
        if control.query_opt(&format!("select 1 {mine}"), &params, doing).await?.is_none() {
            control.close().await;
            return Ok(());
        }
        if !terminated {
            control.query(&format!("select pg_terminate_backend(pid) {mine}"), &params, doing).await?;
            terminated = true;
        }
        if Instant::now() > deadline {
            let message = format!("process {} is still there after it was terminated", backend.pid);
            return Err(PgError::without_server(doing, message, PgErrorKind::Lost));
        }
        sleep(LOOK_AGAIN).await;
    }
}

/// A login that was refused, told apart from a server that takes this user with TLS only.
///
/// The server's answer is the same for both but for its words, which may be in any language; so it is asked again.
pub(super) async fn explain_login(server: &Server, refusal: PgError) -> PgError {
    if !refusal.is("28000") || server.config().get_ssl_mode() != SslMode::Disable {
        return refusal;
    }
    let with_tls = match log_in(server, "", SslMode::Require).await {
        Ok(_) => true,
        Err(error) => error.sqlstate.as_deref().is_some_and(|sqlstate| sqlstate != "28000"),
    };
    if !with_tls {
        return refusal;
    }
    PgError {
        kind: PgErrorKind::Tls,
        sqlstate: None,
        hint: Some("the server takes this login with TLS only: set sslmode=require (or verify-full)".to_owned()),
        ..refusal
    }
}
