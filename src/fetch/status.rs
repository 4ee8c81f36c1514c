//! What an answer's status means.

use std::time::{Duration, SystemTime};

use reqwest::Response;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use tokio::time::timeout;

use super::error::{FetchError, FetchErrorKind};

/// How much of an error's body is read for the message.
const EXCERPT_BYTES: usize = 4096;

/// How much of it is shown, in characters.
const EXCERPT: usize = 300;

/// How long an error's body is waited for: the status alone says enough.
const EXCERPT_PATIENCE: Duration = Duration::from_secs(5);

/// By how many seconds two clocks may differ without a word.
const MOST_SKEW: i64 = 60;

/// The answer if it is a success, else an error with the server's words.
pub(super) async fn checked(response: Response, doing: &str) -> Result<Response, FetchError> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let retry_after = retry_after(response.headers(), SystemTime::now());
    let refused = matches!(status.as_u16(), 401 | 403);
    let ahead = if refused { ahead(response.headers(), SystemTime::now()) } else { None };
    let words = words_of(response).await;
    let mut message = format!("the server answered {}", status.as_u16());
    if let Some(reason) = status.canonical_reason() {
        message = format!("{message} {reason}");
    }
    if !words.is_empty() {
        message = format!("{message}: {words}");
    }
    let hint = match status.as_u16() {
        300..=399 => Some("it redirects without saying where to; check the url"),
        401 | 403 => Some("check auth and headers: the server doesn't accept who we are, or what we may do"),
        404 | 410 => Some("check the url: there is nothing there"),
        405 => Some("check the method"),
        400 | 406 | 415 | 422 => Some("check query, headers and body: the server doesn't accept the request"),
        429 => Some("too many requests; a `lock` keeps jobs of one account from running at once"),
        _ => None,
    };
    let mut error = FetchError::new(doing, FetchErrorKind::Status(status.as_u16()), message);
    error.hint = hint.map(str::to_owned);
    if let Some(seconds) = ahead {
        let by = humantime::format_duration(Duration::from_secs(seconds.unsigned_abs()));
        let way = if seconds > 0 { "ahead of" } else { "behind" };
        error.hint = Some(format!(
            "the server's clock is {by} {way} this machine's; set the one that is wrong, or check auth and headers"
        ));
        error.server_ahead_s = Some(seconds);
    }
    error.retry_after = retry_after;
    Err(error)
}

/// The beginning of an answer's body, for people.
pub(super) async fn words_of(response: Response) -> String {
    timeout(EXCERPT_PATIENCE, excerpt_of(response)).await.unwrap_or_default()
}

async fn excerpt_of(mut response: Response) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < EXCERPT_BYTES {
        let Ok(Some(chunk)) = response.chunk().await else { break };
        bytes.extend_from_slice(&chunk);
    }
    excerpt(&bytes)
}

/// The beginning of a text, on one line.
pub(super) fn excerpt(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// The pause that the server asks for: seconds, or a date.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    let pause = date.duration_since(now).unwrap_or_default();
    // Rounded up: a second too early is refused again.
    Some(Duration::from_secs(pause.as_secs() + u64::from(pause.subsec_nanos() > 0)))
}

/// By how many seconds the server's clock is ahead of ours, if that is more than a signature is usually allowed.
fn ahead(headers: &HeaderMap, now: SystemTime) -> Option<i64> {
    let date = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
    let seconds = match date.duration_since(now) {
        Ok(ahead) => i64::try_from(ahead.as_secs()).ok()?,
        Err(behind) => -i64::try_from(behind.duration().as_secs()).ok()?,
    };
    (seconds.abs() > MOST_SKEW).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_read_as_seconds_or_as_a_date() {
        let asked = |text: &str| {
            let now = SystemTime::UNIX_EPOCH + Duration::from_millis(784_111_717_500);
            retry_after(&HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]), now)
        };
        assert_eq!(asked("120"), Some(Duration::from_mins(2)));
        assert_eq!(asked("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::from_mins(1)));
        assert_eq!(asked("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(asked("soon"), None);
    }

    #[test]
    fn a_clock_that_differs_is_noticed() {
        let seen = |text: &str| {
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_717);
            ahead(&HeaderMap::from_iter([(DATE, text.parse().unwrap())]), now)
        };
        assert_eq!(seen("Sun, 06 Nov 1994 08:51:37 GMT"), Some(180));
        assert_eq!(seen("Sun, 06 Nov 1994 08:40:37 GMT"), Some(-480));
        assert_eq!(seen("Sun, 06 Nov 1994 08:49:00 GMT"), None);
        assert_eq!(seen("now"), None);
    }
}
