//! Which DuckDB files this process has open: at most one open database per file.
//!
//! DuckDB's lock keeps other processes out, not this one: a second open of the same path succeeds here, and the two
//! overwrite each other's blocks. So every session of a file is a connection to the same open database. The last
//! session out closes it, and other programs can have the file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use duckdb::Connection;
use tokio::sync::{Mutex as TurnMutex, Notify, OwnedMutexGuard};

use super::error::{DuckDbError, DuckDbErrorKind};
use super::file::OpenMode;
use super::ident::quoted;
use super::instance;
use super::session::DuckDbSession;

/// Files of this process by their real path. An entry lasts as long as somebody holds it.
static FILES: Mutex<BTreeMap<PathBuf, Weak<OpenFile>>> = Mutex::new(BTreeMap::new());

/// The right to write to a file; the next in line gets it when this is dropped.
#[derive(Debug)]
pub struct WriteTurn {
    _turn: OwnedMutexGuard<()>,
}

/// A file's place in this process.
pub(super) struct OpenFile {
    path: PathBuf,
    database: Mutex<Option<Database>>,
    turns: Arc<TurnMutex<()>>,
    /// Tells those who could not join that the database was closed.
    pub(super) closed: Notify,
}

/// The one open database of a file.
struct Database {
    root: Connection,
    name: String,
    mode: OpenMode,
    /// Who uses it, and how much memory is enough for each; `None` for all that there is.
    users: BTreeMap<u64, Option<u64>>,
    /// How much memory it was last told to get along with.
    suited: Option<u64>,
    /// The next user's number.
    next: u64,
    /// DuckDB gave the database up after a fatal error; it must be closed before it can be opened again.
    spoiled: bool,
}

impl OpenFile {
    /// The place of the file at that path, whatever links lead there.
    pub(super) fn at(path: &Path) -> Result<Arc<Self>, DuckDbError> {
        let path = real_path(path).map_err(|error| DuckDbError {
            doing: opening(path),
            message: error.to_string(),
            kind: DuckDbErrorKind::Open,
        })?;
        let mut files = lock(&FILES);
        if let Some(file) = files.get(&path).and_then(Weak::upgrade) {
            return Ok(file);
        }
        files.retain(|_, file| file.strong_count() > 0);
        let file = Arc::new(Self {
            path: path.clone(),
            database: Mutex::new(None),
            turns: Arc::new(TurnMutex::new(())),
            closed: Notify::new(),
        });
        files.insert(path, Arc::downgrade(&file));
        Ok(file)
    }

    /// A session on the open database, which is opened if need be; `None` if it first has to be closed by others.
    pub(super) fn join(self: &Arc<Self>, mode: OpenMode) -> Result<Option<DuckDbSession>, DuckDbError> {
        let mut place = lock(&self.database);
        let database = match place.as_mut() {
            Some(open) if open.spoiled || (mode == OpenMode::ReadWrite && open.mode == OpenMode::ReadOnly) => {
                return Ok(None);
            }
            Some(open) => open,
            None => place.insert(Database::open(&self.path, mode)?),
        };
        let connection = database.connect();
        match connection {
            Ok(connection) => {
                let lease = Lease { file: Arc::clone(self), name: database.name.clone(), user: database.enter() };
                Ok(Some(DuckDbSession::new(connection, mode, Some(lease))))
            }
            Err(error) => {
                if database.users.is_empty() {
                    *place = None;
                }
                Err(DuckDbError::opening(opening(&self.path), &error))
            }
        }
    }

    fn leave(&self, user: u64) {
        let mut place = lock(&self.database);
        if let Some(database) = place.as_mut() {
            database.users.remove(&user);
            if database.users.is_empty() {
                *place = None;
                self.closed.notify_waiters();
            } else {
                database.suit();
            }
        }
    }
}

impl Database {
    fn open(path: &Path, mode: OpenMode) -> Result<Self, DuckDbError> {
        let root = instance::open(&instance::spill_folder(path));
        let opened = root.and_then(|root| instance::attach(&root, path, mode).map(|name| (root, name)));
        let (root, name) = opened.map_err(|error| DuckDbError::opening(opening(path), &error))?;
        Ok(Self { root, name, mode, users: BTreeMap::new(), suited: None, next: 0, spoiled: false })
    }

    /// Takes a user in, for whom all of the memory is just enough.
    fn enter(&mut self) -> u64 {
        let user = self.next;
        self.next += 1;
        self.users.insert(user, None);
        self.suit();
        user
    }

    /// Suits the memory to those who use the database. Its limit is everybody's, so it is low only while all are modest.
    fn suit(&mut self) {
        // They take turns to write, so what is enough for the greediest is enough.
        let enough = self.users.values().copied().reduce(|one, other| Some(one?.max(other?))).flatten();
        if enough != self.suited {
            self.suited = enough;
            // Where it can't be lowered now, the work goes on with more.
            instance::suit(&self.root, enough).ok();
        }
    }

    fn connect(&self) -> duckdb::Result<Connection> {
        let connection = self.root.try_clone()?;
        connection.execute_batch(&format!("use {}", quoted(&self.name)))?;
        Ok(connection)
    }
}

/// One session's share of an open database. Dropping the last one closes it.
pub(super) struct Lease {
    file: Arc<OpenFile>,
    name: String,
    user: u64,
}

impl Lease {
    /// The database's name in SQL.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Says how much memory is enough for this session from now on; `None` for all that there is.
    pub(super) fn get_along_with(&self, bytes: Option<u64>) {
        if let Some(database) = lock(&self.file.database).as_mut() {
            database.users.insert(self.user, bytes);
            database.suit();
        }
    }

    /// Waits for the right to write.
    pub(super) async fn write_turn(&self) -> WriteTurn {
        WriteTurn { _turn: Arc::clone(&self.file.turns).lock_owned().await }
    }

    /// Takes notice of an error after which the database must be opened afresh.
    pub(super) fn notice(&self, error: &DuckDbError) {
        if error.spoils_database()
            && let Some(database) = lock(&self.file.database).as_mut()
        {
            database.spoiled = true;
        }
    }

    /// Writes everything into the file if this is the last session, so that no write-ahead log stays beside it. The
    /// session's own connection must be gone.
    pub(super) fn settle(&self) -> Result<(), DuckDbError> {
        let place = lock(&self.file.database);
        match place.as_ref() {
            Some(open) if open.users.len() == 1 && open.mode == OpenMode::ReadWrite && !open.spoiled => open
                .root
                .execute_batch(&format!("checkpoint {}", quoted(&open.name)))
                .map_err(|error| DuckDbError::statement(format!("closing {}", self.file.path.display()), &error)),
            _ => Ok(()),
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.file.leave(self.user);
    }
}

fn opening(path: &Path) -> String {
    format!("opening {}", path.display())
}

/// The path without links; a file that doesn't exist yet has its folder's real path.
fn real_path(path: &Path) -> std::io::Result<PathBuf> {
    match path.canonicalize() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let folder = match path.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => folder,
                _ => Path::new("."),
            };
            let name = path.file_name().ok_or(error)?;
            Ok(folder.canonicalize()?.join(name))
        }
        found => found,
    }
}

/// A panic elsewhere leaves nothing half done in these maps, so its mark is of no use.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
