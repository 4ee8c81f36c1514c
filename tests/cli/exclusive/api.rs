//! A report server with the habits of the real one: a limited list of reports per account, one request that deletes all of an
//! account's, reports that are ready after a few polls, and `200` with an empty array for what isn't there or isn't ready.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;
use tokio::task::JoinSet;

/// Polls until a report is ready.
const POLLS: u32 = 3;

/// Reports that an account may have at a time.
const LIMIT: usize = 3;

struct Report {
    account: String,
    polls: u32,
}

/// What it holds and has seen.
#[derive(Default)]
pub(super) struct Seen {
    next: u64,
    open: BTreeMap<u64, Report>,
    /// Most reports of one account at once.
    pub(super) most: usize,
    /// Whether reports of two accounts were there at once.
    pub(super) side_by_side: bool,
    /// Downloads without rows.
    pub(super) empty: u32,
    /// Refuses to make reports.
    pub(super) broken: bool,
}

/// The server; it ends when it is dropped.
pub(super) struct Api {
    pub(super) address: String,
    pub(super) seen: Arc<Mutex<Seen>>,
    _task: JoinSet<()>,
}

type Account = Query<BTreeMap<String, String>>;
type Shared = State<Arc<Mutex<Seen>>>;

impl Api {
    pub(super) async fn start() -> Self {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let router = Router::new()
            .route("/reports", post(create).delete(delete_all))
            .route("/reports/{id}", get(poll))
            .route("/reports/{id}/download", get(download))
            .with_state(Arc::clone(&seen));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let mut task = JoinSet::new();
        task.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, seen, _task: task }
    }
}

async fn create(State(seen): Shared, Query(query): Account) -> Response {
    let mut seen = seen.lock().unwrap();
    let account = query["account"].clone();
    let of_account = seen.open.values().filter(|report| report.account == account).count() + 1;
    if seen.broken || of_account > LIMIT {
        return (StatusCode::FORBIDDEN, "the list of reports is full").into_response();
    }
    seen.next += 1;
    let id = seen.next;
    seen.open.insert(id, Report { account: account.clone(), polls: 0 });
    seen.most = seen.most.max(of_account);
    seen.side_by_side |= seen.open.values().any(|report| report.account != account);
    Json(json!({"id": id.to_string(), "status": "REGIST"})).into_response()
}

async fn delete_all(State(seen): Shared, Query(query): Account) -> StatusCode {
    seen.lock().unwrap().open.retain(|_, report| report.account != query["account"]);
    StatusCode::NO_CONTENT
}

async fn poll(State(seen): Shared, Path(id): Path<u64>) -> Response {
    let mut seen = seen.lock().unwrap();
    // No report is ready before one of the other account is there too: that they run side by side is no chance.
    let side_by_side = seen.side_by_side;
    let Some(report) = seen.open.get_mut(&id) else { return "[]".into_response() };
    report.polls += 1;
    let status = if report.polls > POLLS && side_by_side { "BUILT" } else { "RUNNING" };
    Json(json!({"id": id.to_string(), "status": status})).into_response()
}

async fn download(State(seen): Shared, Path(id): Path<u64>) -> Response {
    let mut seen = seen.lock().unwrap();
    match seen.open.get(&id) {
        Some(report) if report.polls > POLLS => {
            let head = "account,day,campaign,impressions,clicks,cost";
            format!("{head}\n{},2026-11-20,{id},1200,34,5600\n", report.account).into_response()
        }
        _ => {
            seen.empty += 1;
            "[]".into_response()
        }
    }
}
