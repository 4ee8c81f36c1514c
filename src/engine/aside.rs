//! Work on files that may take minutes, and must not keep the daemon from its end.

use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;

/// Does something on a thread that may block. The token is cancelled when nobody waits for it any more, because the daemon
/// ends: the process stays until the thread has come to an end.
pub(super) async fn aside<T: Send + 'static>(
    work: impl FnOnce(&CancellationToken) -> T + Send + 'static,
) -> Result<T, JoinError> {
    let over = CancellationToken::new();
    let _with_us = over.clone().drop_guard();
    tokio::task::spawn_blocking(move || work(&over)).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn work_that_nobody_waits_for_is_told_so() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let (begun, has_begun) = std::sync::mpsc::channel();
        runtime.spawn(aside(move |over| {
            begun.send(()).unwrap();
            while !over.is_cancelled() {
                std::thread::sleep(Duration::from_millis(1));
            }
        }));
        has_begun.recv().unwrap();
        // Waits for the thread: for ever, if it weren't told.
        drop(runtime);
    }
}
