//! A side that is waited for: is its machine still there?
//!
//! What was sent and not taken may mean that the other side is busy or that it is gone, and TCP alone can't be told to
//! wait for ever for the one and not for the other. So after some silence the machine is asked over another connection.

use std::time::Duration;

use tokio::time::sleep;

use crate::domain::failure::Side;
use crate::postgres::session::Session;

use super::error::lost;
use super::flow::Flow;
use super::transfer::{Broken, INTO, OUT};

/// The silence after which it is asked, where the configuration has no `tcp_user_timeout`.
const SILENCE: Duration = Duration::from_mins(1);

/// Returns when a side has been silent for its `tcp_user_timeout` and its machine does not answer.
pub(super) async fn vanished(source: &Session, target: &Session, flow: &Flow) -> Broken {
    let limit = |session: &Session| session.server().config().get_tcp_user_timeout().copied().unwrap_or(SILENCE);
    let tick = limit(source).min(limit(target)) / 4;
    loop {
        sleep(tick).await;
        let Some((side, silence)) = flow.waiting() else { continue };
        let (session, doing) = if side == Side::Target { (target, INTO) } else { (source, OUT) };
        if silence >= limit(session) && session.is_out_of_reach().await {
            let message = format!("nothing came for {} s, and the server's machine does not answer", silence.as_secs());
            return Broken { side, error: lost(doing, message) };
        }
    }
}
