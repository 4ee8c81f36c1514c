//! The command: prepares, runs the chapters, shows what came of them, and leaves no process.

use std::path::{Path, PathBuf};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::chapters::Chapters;
use super::market::{self, Market};
use super::{data, exclusive, files, replica};
use crate::cli::arguments::{DemoArguments, Global};
use crate::cli::error::{CliError, Exit};
use crate::cli::opened::Opened;
use crate::cli::signals::Signals;
use crate::cli::workspace::{LogAs, Workspace, local, wrong};
use crate::cli::{clock, format, job_source, output, wire, workspace};
use crate::domain::failure::Failure;
use crate::engine::Daemon;
use crate::settings::Surroundings;
use crate::spec;
use crate::store::Scope;

/// Runs of one account and of another, made at once.
const ACCOUNTS: [&str; 7] = ["a", "b", "a", "a", "b", "a", "a"];

/// Runs the demo.
pub(crate) async fn run(arguments: &DemoArguments, global: &Global) -> Result<Exit, CliError> {
    let surroundings = Surroundings::of_process();
    let folder = arguments.dir.clone().unwrap_or_else(|| files::default_folder(&surroundings));
    let folder = std::path::absolute(&folder).map_err(|error| local("finding", &folder, &error))?;
    files::write(&folder)?;
    let workspace = Workspace::with(files::settings(&folder, surroundings)?, global, LogAs::Command)?;
    Workspace::check_duckdb()?;
    let mut signals = Signals::of_command()?;
    output::line(format!("The demo's files, yours to change: {}", folder.display()))?;
    output::line("Starting the embedded PostgreSQL …")?;
    let opened = Opened::open(workspace).await?;
    let result = Box::pin(tell(&opened, &folder, &mut signals)).await;
    opened.close().await;
    result?;
    next(&folder)?;
    Ok(Exit::Done)
}

/// The story, with the market's server and an engine behind it that both end with it.
async fn tell(opened: &Opened, folder: &Path, signals: &mut Signals) -> Result<(), CliError> {
    let embedded = opened.embedded.as_ref().ok_or_else(|| Failure::bug("the demo needs the embedded server"))?;
    output::line(format!("Looking for {} orders in \"주문_내역\" …", format::count(data::ORDERS)))?;
    if data::prepare(embedded).await? {
        output::line("They weren't there; they are now.")?;
    }
    save_jobs(opened).await?;

    let market = Market::new(clock::now().date_naive());
    let listener = market::listen().await.map_err(|error| Failure::bug(format!("listening on loopback: {error}")))?;
    let address = listener.local_addr().map_err(|error| Failure::bug(format!("listening on loopback: {error}")))?;
    let api = format!("http://{address}");
    let mut server = JoinSet::new();
    let router = market.router();
    server.spawn(async move { axum::serve(listener, router).await });
    output::line(format!("A market data and a report server answer at {api}"))?;

    let environment = wire::environment(&opened.workspace.settings, opened.embedded.as_ref())?;
    let engine = wire::engine(&opened.workspace.settings, Scope::Own);
    let (metrics, masker) = (opened.metrics.clone(), opened.workspace.masker.clone());
    let daemon = Daemon::start(opened.store.clone(), environment, metrics, masker, engine).await?;
    let chapters =
        Chapters { store: &opened.store, actor: opened.actor(), daemon: &daemon, signals, program: program(folder) };
    let result = cases(chapters, &market, &api, folder).await;
    daemon.stop(CancellationToken::new()).await;
    server.shutdown().await;
    result
}

async fn save_jobs(opened: &Opened) -> Result<(), CliError> {
    for (_, loaded) in spec::load_dir(&opened.workspace.settings.jobs_dir, &opened.workspace.known()) {
        let loaded = loaded.map_err(|found| wrong(&found))?;
        opened.store.save_job(&job_source::definition(loaded)).await?;
    }
    Ok(())
}

async fn cases(mut chapters: Chapters<'_>, market: &Market, api: &str, folder: &Path) -> Result<(), CliError> {
    let about = "PostgreSQL to staging PostgreSQL: COPY streamed to COPY, swapped in by one transaction";
    chapters.job("staging-copy", about, None).await?;
    let about = "CREATE TABLE AS with a guaranteed number of parallel workers (planned/achieved/target)";
    chapters.job("parallel-ctas", about, None).await?;
    let about = "A DuckDB master and its replica: complete, checked, renamed in";
    chapters.job("read-replica", about, None).await?;
    let about = "Seven report runs made at once, five of account a, two of account b: one at a time per account";
    let runs = chapters.accounts("exclusive-account", about, &ACCOUNTS, api).await?;
    exclusive::print(&runs, &market.seen())?;
    let about = "Collect symbols and prices, calculate indicators, publish the replica, trigger load-warehouse";
    chapters.job("nasdaq-daily", about, Some(api)).await?;

    output::line("")?;
    output::line(console::style("━━ the replicas").bold().to_string())?;
    for name in ["stock_data_replica.db", "warehouse_replica.db"] {
        replica::print(&folder.join("data").join(name)).await?;
    }
    Ok(())
}

/// How this program is called with the demo's settings.
fn program(folder: &Path) -> String {
    workspace::program(Some(&folder.join(files::SETTINGS)))
}

/// What to type next.
fn next(folder: &Path) -> Result<(), CliError> {
    let program = program(folder);
    let file = |name: &str| -> PathBuf { folder.join(name) };
    output::line("")?;
    output::line(console::style("━━ next").bold().to_string())?;
    output::line(format!("   {program} runs"))?;
    output::line(format!("   {program} plan {}", file("nasdaq-daily.yaml").display()))?;
    output::line(format!("   {program} run {}", file("read-replica.yaml").display()))?;
    output::line(format!("   {program} serve"))
}
