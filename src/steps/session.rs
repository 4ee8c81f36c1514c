//! A step's PostgreSQL sessions: opened under the attempt's name, and ended on the server on every path.

use crate::domain::failure::{Failure, Side};
use crate::postgres::{Server, Session};

use super::StepContext;

/// Opens a session of this attempt; `role` tells it from the attempt's others.
pub(super) async fn open(server: &Server, role: &str, side: Side, context: &StepContext) -> Result<Session, Failure> {
    let name = context.application_name(role);
    let connecting = server.connect(&name);
    context.unless_stopped(connecting).await?.map_err(|error| error.on(side))
}

/// Ends a session: with a goodbye after success, for certain otherwise.
pub(super) async fn end<T>(session: Session, result: &Result<T, Failure>, context: &StepContext) {
    if result.is_ok() {
        session.close().await;
    } else {
        stop(session, context).await;
    }
}

/// Ends a session for certain, whatever it is doing.
pub(super) async fn stop(session: Session, context: &StepContext) {
    if let Err(error) = session.stop().await {
        context.warn(format!("could not see whether a session has ended: {error}"));
    }
}
