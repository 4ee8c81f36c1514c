//! The frame of the first page comes before what the state database says.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::served::Served;

/// Nobody reads or writes jobs until this session goes on.
const HOLD: &str = "begin; lock table windlass.job in access exclusive mode";

/// Asks for the first page, and reads until the frame is there.
async fn frame(served: &Served) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(served.api.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut text = Vec::new();
    while !String::from_utf8_lossy(&text).contains("<main") {
        assert_ne!(stream.read_buf(&mut text).await.unwrap(), 0, "{}", String::from_utf8_lossy(&text));
    }
    (stream, String::from_utf8(text).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_has_the_frame_while_the_state_database_is_still_asked() {
    let served = Served::new().await;
    served.plain_job("nightly").await;
    served.database.execute(HOLD).await;
    let (mut stream, mut text) = frame(&served).await;
    assert!(text.starts_with("HTTP/1.1 200") && text.contains("windlass.css") && !text.contains("nightly"), "{text}");
    served.database.execute("rollback").await;
    stream.read_to_string(&mut text).await.unwrap();
    assert!(text.contains("nightly") && text.contains("</html>"), "{text}");
    served.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_afterwards_is_told_in_the_page_and_what_fails_at_once_has_its_status() {
    let served = Served::new().await;
    served.database.execute(HOLD).await;
    let (mut stream, mut text) = frame(&served).await;
    stream.read_to_string(&mut text).await.unwrap();
    assert!(text.contains("The state database is away") && text.contains("http-equiv=\"refresh\""), "{text}");
    assert!(text.contains("</html>"), "the page is whole: {text}");
    served.database.execute("rollback").await;
    served.api.backend.send_replace(None);
    assert_eq!(served.api.get("/", "").await.status, 503);
    served.close().await;
}
