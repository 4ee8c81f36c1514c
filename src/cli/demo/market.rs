//! The HTTP servers that the jobs collect from, on loopback: market data, and a report server with its real habits.
//!
//! A report is made on request, is ready after a few polls, and has to be deleted. Asked too early, or for a report
//! that somebody else has deleted, the server answers `200` with an empty array, as the real one does.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::{Days, NaiveDate};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Where the shipped jobs look for it.
const USUAL: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8322);

/// Polls until a report is ready.
const POLLS: u32 = 3;

/// Days of prices.
const DAYS: u64 = 90;

const SYMBOLS: [(&str, &str); 12] = [
    ("AAPL", "Apple Inc."),
    ("AMD", "Advanced Micro Devices"),
    ("AMZN", "Amazon.com"),
    ("AVGO", "Broadcom"),
    ("COST", "Costco"),
    ("GOOGL", "Alphabet"),
    ("META", "Meta Platforms"),
    ("MSFT", "Microsoft"),
    ("NFLX", "Netflix"),
    ("NVDA", "NVIDIA (엔비디아)"),
    ("PEP", "PepsiCo"),
    ("TSLA", "Tesla"),
];

/// A report that was asked for.
struct Report {
    account: String,
    polls: u32,
}

/// What the report server holds and has seen.
#[derive(Default)]
struct Reports {
    next: u64,
    open: BTreeMap<u64, Report>,
    /// Most reports of one account that were open at once, by account.
    most: BTreeMap<String, usize>,
    /// Answers without rows.
    empty_answers: u32,
}

/// The server's memory, to be asked after the runs.
#[derive(Clone)]
pub(super) struct Market {
    reports: Arc<Mutex<Reports>>,
    today: NaiveDate,
}

/// What the report server has seen.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// Most reports of one account that were open at once, by account.
    pub(super) most: BTreeMap<String, usize>,
    /// Downloads that were answered without rows.
    pub(super) empty_answers: u32,
    /// Reports that nobody has deleted.
    pub(super) left: usize,
}

/// Listens where the shipped jobs look, else where there is room.
pub(super) async fn listen() -> std::io::Result<TcpListener> {
    match TcpListener::bind(USUAL).await {
        Ok(listener) => Ok(listener),
        Err(_) => TcpListener::bind((USUAL.ip(), 0)).await,
    }
}

impl Market {
    /// A server without reports; prices end the day before `today`.
    pub(super) fn new(today: NaiveDate) -> Self {
        Self { reports: Arc::default(), today }
    }

    /// The routes.
    pub(super) fn router(&self) -> Router {
        Router::new()
            .route("/symbols", get(symbols))
            .route("/prices", get(prices))
            .route("/reports", post(create).get(list))
            .route("/reports/{id}", get(poll).delete(delete))
            .route("/reports/{id}/download", get(download))
            .with_state(self.clone())
    }

    /// What it has seen so far.
    pub(super) fn seen(&self) -> Seen {
        let reports = self.lock();
        Seen { most: reports.most.clone(), empty_answers: reports.empty_answers, left: reports.open.len() }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Reports> {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn symbols() -> Json<Value> {
    let rows: Vec<Value> = SYMBOLS.iter().map(|(symbol, name)| json!({"symbol": symbol, "name": name})).collect();
    Json(json!({"data": {"rows": rows}}))
}

async fn prices(State(market): State<Market>, Query(query): Query<BTreeMap<String, String>>) -> Response {
    let wanted = query.get("symbol").map_or("all", String::as_str);
    let mut body = String::new();
    for (index, (symbol, _)) in (0_u64..).zip(SYMBOLS) {
        if wanted != "all" && wanted != symbol {
            continue;
        }
        for ago in 1..=DAYS {
            let Some(day) = market.today.checked_sub_days(Days::new(ago)) else { continue };
            // Any curve will do; this one is the same on every call.
            let cents = 10_000 + index * 2_500 + (ago * ago * (index + 3)) % 1_900;
            let volume = 1_000_000 + (ago * 7_919 + index * 104_729) % 40_000_000;
            let close = format!("{}.{:02}", cents / 100, cents % 100);
            let line = format!(r#"{{"symbol": "{symbol}", "day": "{day}", "close": {close}, "volume": {volume}}}"#);
            body.extend([&line, "\n"]);
        }
    }
    ([(header::CONTENT_TYPE, "application/x-ndjson")], body).into_response()
}

async fn create(State(market): State<Market>, Query(query): Query<BTreeMap<String, String>>) -> Response {
    let Some(account) = query.get("account").cloned() else { return StatusCode::BAD_REQUEST.into_response() };
    let mut reports = market.lock();
    reports.next += 1;
    let id = reports.next;
    reports.open.insert(id, Report { account: account.clone(), polls: 0 });
    let open = reports.open.values().filter(|report| report.account == account).count();
    let most = reports.most.entry(account).or_default();
    *most = open.max(*most);
    (StatusCode::CREATED, Json(json!({"id": id.to_string(), "status": "REGIST"}))).into_response()
}

async fn list(State(market): State<Market>, Query(query): Query<BTreeMap<String, String>>) -> Json<Value> {
    let wanted = query.get("account");
    let reports = market.lock();
    let of_account = reports.open.iter().filter(|(_, report)| wanted.is_none_or(|wanted| *wanted == report.account));
    Json(of_account.map(|(id, report)| json!({"id": id.to_string(), "status": report.status()})).collect())
}

async fn poll(State(market): State<Market>, Path(id): Path<u64>) -> Response {
    let mut reports = market.lock();
    let Some(report) = reports.open.get_mut(&id) else { return StatusCode::NOT_FOUND.into_response() };
    report.polls += 1;
    Json(json!({"id": id.to_string(), "status": report.status()})).into_response()
}

async fn download(State(market): State<Market>, Path(id): Path<u64>) -> Response {
    let mut reports = market.lock();
    let Some(account) = reports.open.get(&id).filter(|report| report.is_ready()).map(|report| report.account.clone())
    else {
        reports.empty_answers += 1;
        return Json(json!([])).into_response();
    };
    let mut body = "account,day,campaign,impressions,clicks,cost\n".to_owned();
    for (number, campaign) in (1_u64..).zip(["autumn", "winter", "검색광고"]) {
        let (impressions, clicks, cost) = (number * 1_200, number * 34, number * 5_600);
        let line = format!("{account},{},{campaign},{impressions},{clicks},{cost}\n", market.today);
        body.push_str(&line);
    }
    ([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], body).into_response()
}

async fn delete(State(market): State<Market>, Path(id): Path<u64>) -> StatusCode {
    match market.lock().open.remove(&id) {
        Some(_) => StatusCode::NO_CONTENT,
        None => StatusCode::NOT_FOUND,
    }
}

impl Report {
    const fn is_ready(&self) -> bool {
        self.polls >= POLLS
    }

    const fn status(&self) -> &'static str {
        match self.polls {
            0 => "REGIST",
            _ if self.is_ready() => "BUILT",
            _ => "RUNNING",
        }
    }
}
