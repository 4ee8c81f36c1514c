//! `/`: what is listening here, for whoever opens the address in a browser.

use axum::response::Html;

/// The page; plain HTML that needs neither style nor script, so that the security policy can forbid both.
const PAGE: &str = concat!(
    r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Windlass</title>
</head>
<body>
<main>
<h1>Windlass "#,
    env!("CARGO_PKG_VERSION"),
    r#"</h1>
<p>A daemon that moves data through PostgreSQL and DuckDB on a schedule. This is its HTTP address.</p>
<ul>
<li><a href="/metrics">/metrics</a>: numbers for Prometheus</li>
<li><a href="/healthz">/healthz</a>: is the daemon alive?</li>
<li><a href="/readyz">/readyz</a>: does it reach its state database and hold its lease?</li>
</ul>
<p>Jobs and runs are shown by the commands <code>windlass jobs</code>, <code>windlass runs</code> and
<code>windlass show RUN</code>.</p>
</main>
</body>
</html>
"#
);

/// `GET /`.
pub(super) async fn home() -> Html<&'static str> {
    Html(PAGE)
}
