//! What was begun is done to its end.

use crate::domain::failure::Failure;

/// Does something to its end, also when whoever asked for it has gone or the time for an answer is up: of an action that
/// broke off in the middle nobody would be told whether it happened.
#[expect(
    clippy::disallowed_methods,
    reason = "it must outlive the connection; it ends by itself, each call has a deadline"
)]
pub(super) async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Failure>> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::spawn(work).await {
        Ok(done) => done,
        Err(error) => Err(Failure::bug(format!("an action ended early: {error}"))),
    }
}
