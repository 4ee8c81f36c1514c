//! A user of the embedded server: starts it or joins it, and lets go of it.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;

use tokio_postgres::Config;

use super::account::Account;
use super::binaries::Binaries;
use super::cluster::{self, USER};
use super::error::EmbeddedError;
use super::launch::Launch;
use super::layout::Layout;
use super::{guardian, lock, postmaster};
use crate::postgres::error::PgError;
use crate::postgres::ident::Ident;
use crate::postgres::server::Server;

/// How long starting and stopping wait for another process that starts or stops.
const PATIENCE: Duration = Duration::from_mins(2);

/// The port in the socket's file name where the settings don't say otherwise.
const PORT: u16 = 5432;

/// Which embedded server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EmbeddedSettings {
    /// Windlass' data directory; the cluster lies in it.
    pub data_dir: PathBuf,
    /// Server settings beyond the built-in ones. They count only for the user that starts the server.
    pub options: BTreeMap<String, String>,
    /// The folder of PostgreSQL's programs; `None`: the best that `Binaries::find` finds.
    pub programs: Option<PathBuf>,
}

impl EmbeddedSettings {
    /// The server under that data directory, with the built-in settings.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self { data_dir: data_dir.into(), ..Self::default() }
    }

    /// The same with one more server setting.
    #[must_use]
    pub fn option(mut self, name: &str, value: impl Into<String>) -> Self {
        self.options.insert(name.to_owned(), value.into());
        self
    }
}

/// A share in the embedded server: it runs while anybody, in whatever process, has one. Dropping the last one stops it
/// within moments; `stop` also waits for that.
#[derive(Debug)]
pub struct Embedded {
    layout: Layout,
    account: Account,
    binaries: Binaries,
    port: u16,
    users: File,
    children: Vec<Child>,
}

/// What the blocking part of a start hands over.
struct Prepared {
    embedded: Embedded,
    start_lock: File,
}

impl Embedded {
    /// Joins the server of that data directory, starting it, and making its cluster, where needed.
    pub async fn start(settings: EmbeddedSettings) -> Result<Self, EmbeddedError> {
        let options = settings.options.clone();
        let prepared = tokio::task::spawn_blocking(move || prepare(&settings)).await;
        let Prepared { mut embedded, start_lock } =
            prepared.map_err(|error| EmbeddedError::start("preparing", error))??;
        let launch = Launch {
            layout: &embedded.layout,
            account: &embedded.account,
            binaries: &embedded.binaries,
            options: &options,
            port: embedded.port,
        };
        let started = launch.ensure(&embedded.server("postgres")).await?;
        embedded.children.extend(started);
        drop(start_lock);
        Ok(embedded)
    }

    /// Whether that data directory has a server, be it up or not.
    pub fn is_made(data_dir: &Path) -> bool {
        data_dir.is_dir() && Layout::prepare(data_dir).is_ok_and(|layout| layout.data.exists())
    }

    /// A database of the server of that data directory, if it runs. For a question that is asked in passing: it isn't
    /// joined, so it may stop at any time.
    pub fn running(data_dir: &Path, database: &str) -> Option<Server> {
        // Preparing would make the folder.
        let layout = if data_dir.is_dir() { Layout::prepare(data_dir).ok()? } else { return None };
        postmaster::is_alive(&layout).then(|| on_socket(&layout, PORT, database))
    }

    /// A database of the server. It need not exist yet; see `ensure_database`.
    pub fn server(&self, database: &str) -> Server {
        on_socket(&self.layout, self.port, database)
    }

    /// The address of a database, as `psql` and other programs of the same system user take it.
    pub fn url(&self, database: &str) -> String {
        let encode = |text: &str| -> String {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
            let one = |byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
            text.bytes().map(one).collect()
        };
        let socket = encode(&self.layout.socket.to_string_lossy());
        format!("postgres://{USER}@{socket}:{}/{}", self.port, encode(database))
    }

    /// Makes a database of that name unless there is one.
    pub async fn ensure_database(&self, name: &str) -> Result<(), PgError> {
        let session = self.server("postgres").connect("windlass-embedded").await?;
        let doing = || format!("making the database {}", Ident::new(name));
        let client = session.client();
        let exists = client.query_opt("select from pg_database where datname = $1", &[&name]).await;
        if exists.map_err(|error| PgError::new(doing(), &error))?.is_some() {
            return Ok(());
        }
        match client.batch_execute(&format!("create database {}", Ident::new(name))).await {
            Ok(()) => Ok(()),
            Err(error) => {
                let error = PgError::new(doing(), &error);
                // Somebody else made it in between: as a duplicate name, or as a duplicate row of the catalogue.
                if error.is("42P04") || error.is("23505") { Ok(()) } else { Err(error) }
            }
        }
    }

    /// The programs that it runs from.
    pub const fn binaries(&self) -> &Binaries {
        &self.binaries
    }

    /// The cluster's data directory.
    pub fn data(&self) -> &Path {
        &self.layout.data
    }

    /// Lets go of the server and, if nobody else uses it, waits until it is down and its guardian gone.
    pub async fn stop(self) -> Result<(), EmbeddedError> {
        let stopped = tokio::task::spawn_blocking(move || self.release()).await;
        stopped.map_err(|error| EmbeddedError::start("stopping", error))?
    }

    /// The start lock keeps newcomers out meanwhile, so whoever holds the users' lock now is another user, who keeps
    /// the server, or the guardian, who is stopping it.
    fn release(mut self) -> Result<(), EmbeddedError> {
        let (users_path, guard_path) = (self.layout.users_lock.clone(), self.layout.guard_lock.clone());
        let _start_lock = start_lock(&self.layout)?;
        self.users.unlock().map_err(|error| EmbeddedError::file("stopping", &users_path, &error))?;
        if lock::try_exclusive(&self.users, &users_path)? {
            self.shut_down()?;
        } else {
            lock::wait(PATIENCE, &users_path, || lock::try_shared(&self.users, &users_path))?;
            if postmaster::is_alive(&self.layout) {
                return Ok(());
            }
        }
        self.users.unlock().map_err(|error| EmbeddedError::file("stopping", &users_path, &error))?;
        let guard = lock::open(&guard_path)?;
        lock::wait(PATIENCE, &guard_path, || lock::try_exclusive(&guard, &guard_path))?;
        for child in &mut self.children {
            child.wait().map_err(|error| EmbeddedError::start("stopping", error))?;
        }
        Ok(())
    }

    fn shut_down(&self) -> Result<(), EmbeddedError> {
        if !postmaster::is_alive(&self.layout) {
            return Ok(());
        }
        let program = self.binaries.program("pg_ctl");
        let mut command = self.account.command(&program);
        command.arg("stop").arg("-D").arg(&self.layout.data).args(["-m", "fast", "-w", "-t", "60"]);
        let output = command.output().map_err(|error| EmbeddedError::file("stopping", &program, &error))?;
        if output.status.success() || !postmaster::is_alive(&self.layout) {
            return Ok(());
        }
        Err(EmbeddedError::start("stopping", String::from_utf8_lossy(&output.stderr).trim()))
    }
}

/// The blocking part of a start: programs, folders, locks, cluster, guardian.
fn prepare(settings: &EmbeddedSettings) -> Result<Prepared, EmbeddedError> {
    let layout = Layout::prepare(&settings.data_dir)?;
    let account = Account::choose(&layout)?;
    let start_lock = start_lock(&layout)?;
    let users = lock::open(&layout.users_lock)?;
    let guard = lock::open(&layout.guard_lock)?;
    account.give(&layout.users_lock)?;
    account.give(&layout.guard_lock)?;
    // A guardian that is stopping the server has this lock; when it is done there is nothing left to stop.
    lock::wait(PATIENCE, &layout.users_lock, || lock::try_shared(&users, &layout.users_lock))?;
    let existing = cluster::major(&layout)?;
    let binaries = match &settings.programs {
        Some(folder) => Binaries::at(folder, existing)?,
        None => Binaries::find(existing)?,
    };
    if existing.is_none() {
        let sync = settings.options.get("fsync").is_none_or(|fsync| fsync != "off");
        cluster::create(&layout, &account, &binaries, sync)?;
    }
    cluster::private_folder(&layout.socket, &account)?;
    let mut children = Vec::new();
    if lock::try_exclusive(&guard, &layout.guard_lock)? {
        guard.unlock().map_err(|error| EmbeddedError::file("guarding", &layout.guard_lock, &error))?;
        children.push(guardian::start(&layout, &account, &binaries)?);
    }
    let port = settings.options.get("port").and_then(|port| port.parse().ok()).unwrap_or(PORT);
    Ok(Prepared { embedded: Embedded { layout, account, binaries, port, users, children }, start_lock })
}

/// A database of the server behind that socket.
fn on_socket(layout: &Layout, port: u16, database: &str) -> Server {
    let mut config = Config::new();
    config.host_path(&layout.socket).port(port).user(USER).dbname(database);
    Server::from_config(config)
}

fn start_lock(layout: &Layout) -> Result<File, EmbeddedError> {
    let file = lock::open(&layout.start_lock)?;
    lock::wait(PATIENCE, &layout.start_lock, || lock::try_exclusive(&file, &layout.start_lock))?;
    Ok(file)
}
