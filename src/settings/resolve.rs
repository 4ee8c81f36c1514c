//! From the authored form to `Settings`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::domain::secret::Secret;
use crate::spec::authored::{At, Length, Problems, parse_duration};

use super::objects;
use super::password::passwords;
use super::raw::{RawConnection, RawLogging, RawPostgres, RawSettings};
use super::settings::{ConnectionSettings, HttpSettings, LoggingSettings, PostgresUrl, RetentionSettings, Settings};
use super::surroundings::Surroundings;

/// Where the HTTP server listens, if the settings say nothing else.
pub(super) const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8321);

/// Shorter values of allowed environment variables aren't masked: hiding every `a` would hide the text around it.
const SHORTEST_SECRET: usize = 4;

/// Longest secret that is read from a file.
const LONGEST_SECRET: u64 = 64 * 1024;

/// The settings without a file.
pub(super) fn defaults(base: &Path, surroundings: &Surroundings) -> Settings {
    Settings {
        file: None,
        data_dir: surroundings.data_dir(),
        jobs_dir: base.join("jobs"),
        state: None,
        http: HttpSettings { listen: LISTEN, tokens: Vec::new(), public_url: None },
        connections: BTreeMap::new(),
        objects: BTreeMap::new(),
        object_variables: objects::variables(surroundings),
        locks: BTreeMap::new(),
        max_runs: 8,
        drain: Duration::from_secs(30),
        retention: RetentionSettings { runs: Duration::from_hours(90 * 24), logs: Duration::from_hours(30 * 24) },
        logging: LoggingSettings { format: super::LogFormat::default(), directory: None, keep: 14 },
        notify: None,
        env: BTreeMap::new(),
        secrets: objects::secrets(&objects::variables(surroundings)).collect(),
    }
}

/// The state of resolving one file.
pub(super) struct Resolver<'r, 's> {
    /// What is wrong so far.
    pub(super) problems: &'r mut Problems<'s>,
    /// The file's folder, where relative paths start.
    pub(super) base: &'r Path,
    /// The process.
    pub(super) surroundings: &'r Surroundings,
    /// Secrets found so far.
    pub(super) secrets: Vec<Secret>,
}

impl Resolver<'_, '_> {
    /// The settings of a file.
    pub(super) fn settings(&mut self, raw: &RawSettings, at: At<'_>) -> Settings {
        let mut settings = defaults(self.base, self.surroundings);
        if let Some(path) = self.path(raw.data_dir.as_ref(), at, "data_dir") {
            settings.data_dir = path;
        }
        if let Some(path) = self.path(raw.jobs_dir.as_ref(), at, "jobs_dir") {
            settings.jobs_dir = path;
        }
        settings.state = raw.state.as_ref().and_then(|state| state.postgres.as_ref()).and_then(|postgres| {
            let at = at.key("state").key("postgres");
            if postgres.embedded.is_some() {
                let hint = "leave out `state`: the embedded server is what is used without it";
                self.wrong(at.key("embedded"), "the state's embedded database has a name of its own", hint);
                return None;
            }
            self.postgres_url(postgres, at)
        });
        if let Some(http) = &raw.http {
            settings.http = self.http(http, at.key("http"));
        }
        self.databases_and_stores(raw, at, &mut settings);
        for (index, (class, lock)) in raw.locks.iter().flat_map(|pairs| &pairs.0).enumerate() {
            let at = at.key("locks").nth(index);
            if lock.capacity == Some(0) {
                self.wrong(at.key("capacity"), "`capacity` must be at least 1", "");
            }
            if class.contains('/') {
                let hint = "the class is what comes before the first slash of a lock's name";
                self.problems.at(at.key_span(), format!("`{class}` is no class of locks"), Some(hint.to_owned()));
            }
            settings.locks.extend(lock.capacity.map(|capacity| (class.clone(), capacity)));
        }
        if let Some(runner) = &raw.runner {
            let at = at.key("runner");
            settings.max_runs = runner.max_runs.unwrap_or(settings.max_runs);
            if settings.max_runs == 0 {
                self.wrong(
                    at.key("max_runs"),
                    "`max_runs` must be at least 1",
                    "to stop runs from starting, pause their jobs",
                );
            }
            self.duration(runner.drain.as_ref(), at, "drain", &mut settings.drain);
        }
        if let Some(retention) = &raw.retention {
            let at = at.key("retention");
            self.duration(retention.runs.as_ref(), at, "runs", &mut settings.retention.runs);
            self.duration(retention.logs.as_ref(), at, "logs", &mut settings.retention.logs);
        }
        if let Some(logging) = &raw.logging {
            settings.logging = self.logging(logging, at.key("logging"), &settings.logging);
        }
        settings.env = self.env(raw.env.as_ref(), at);
        settings.notify = raw.notify.as_ref().map(|notify| self.notify(notify, at.key("notify"), &settings.env));
        settings.secrets.append(&mut self.secrets);
        settings
    }

    fn databases_and_stores(&mut self, raw: &RawSettings, at: At<'_>, settings: &mut Settings) {
        for (index, (name, connection)) in raw.connections.iter().flat_map(|pairs| &pairs.0).enumerate() {
            let at = at.key("connections").nth(index);
            if let Some(connection) = self.connection(connection, at) {
                settings.connections.insert(name.clone(), connection);
            }
        }
        for (index, (name, raw)) in raw.objects.iter().flat_map(|pairs| &pairs.0).enumerate() {
            let options = self.objects(name, raw, at.key("objects").nth(index));
            settings.objects.extend(options.map(|options| (name.clone(), options)));
        }
    }

    pub(super) fn wrong(&mut self, at: At<'_>, message: impl Into<String>, hint: &str) {
        self.problems.at(at.span(), message, (!hint.is_empty()).then(|| hint.to_owned()));
    }

    pub(super) fn path(&mut self, given: Option<&String>, at: At<'_>, key: &str) -> Option<PathBuf> {
        let path = given?;
        if path.is_empty() {
            self.wrong(at.key(key), format!("`{key}` is empty"), "");
            return None;
        }
        let path = self.base.join(path);
        Some(std::path::absolute(&path).unwrap_or(path))
    }

    fn duration(&mut self, given: Option<&Length>, at: At<'_>, key: &str, value: &mut Duration) {
        if let Some(given) = given {
            match parse_duration(&given.0) {
                Ok(duration) => *value = duration,
                Err(complaint) => self.wrong(at.key(key), complaint, "durations are written as `30s`, `1h30m` or `7d`"),
            }
        }
    }

    fn connection(&mut self, raw: &RawConnection, at: At<'_>) -> Option<ConnectionSettings> {
        match (&raw.postgres, &raw.duckdb) {
            (Some(postgres), None) => {
                let at = at.key("postgres");
                match &postgres.embedded {
                    None => self.postgres_url(postgres, at).map(ConnectionSettings::Postgres),
                    Some(database) => {
                        if postgres.url.is_some() || postgres.password_file.is_some() {
                            self.wrong(at.key("embedded"), "`embedded` stands alone", "delete it, or the other keys");
                        }
                        if database.is_empty() || database.len() > 63 || database.contains('\0') {
                            self.wrong(at.key("embedded"), format!("`{database}` is no name for a database"), "");
                        }
                        Some(ConnectionSettings::Embedded { database: database.clone() })
                    }
                }
            }
            (None, Some(duckdb)) => {
                let path = self.path(duckdb.path.as_ref(), at.key("duckdb"), "path")?;
                Some(ConnectionSettings::DuckDb { path })
            }
            (Some(_), Some(_)) => {
                self.wrong(at, "`postgres` and `duckdb` can't stand together", "make two connections of it");
                None
            }
            (None, None) if self.problems.is_pruned(at) => None,
            (None, None) => {
                self.wrong(at, "`postgres` or `duckdb` is missing", "");
                None
            }
        }
    }

    fn postgres_url(&mut self, raw: &RawPostgres, at: At<'_>) -> Option<PostgresUrl> {
        let password = self.secret_file(raw.password_file.as_ref(), at, "password_file");
        let Some(url) = &raw.url else {
            if !self.problems.is_pruned(at) {
                self.wrong(at, "`url` is missing", "add `url: postgres://user@host/database`");
            }
            return None;
        };
        self.secrets.extend(passwords(url).into_iter().map(Secret::new));
        // The address itself is not shown: it may come from the environment and hold a password.
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") && !url.contains('=') {
            let hint = "write `postgres://user@host/database`";
            self.wrong(at.key("url"), "`url` is not the address of a PostgreSQL database", hint);
        }
        Some(PostgresUrl { url: Secret::new(url), password })
    }

    /// A secret that stands in a file of its own, without the line break at its end.
    pub(super) fn secret_file(&mut self, given: Option<&String>, at: At<'_>, key: &str) -> Option<Secret> {
        let path = self.path(given, at, key)?;
        let read = std::fs::metadata(&path).and_then(|metadata| {
            if metadata.len() > LONGEST_SECRET {
                return Err(std::io::Error::other("it is too long for a secret"));
            }
            std::fs::read_to_string(&path)
        });
        let text = match read {
            Ok(text) => text.trim_end_matches(['\r', '\n']).to_owned(),
            Err(error) => {
                let hint = "a relative path starts from the folder of the settings file";
                self.wrong(at.key(key), format!("`{}` can't be read: {error}", path.display()), hint);
                return None;
            }
        };
        if text.is_empty() {
            self.wrong(at.key(key), format!("`{}` is empty", path.display()), "");
            return None;
        }
        self.secrets.push(Secret::new(&text));
        Some(Secret::new(text))
    }

    fn logging(&mut self, raw: &RawLogging, at: At<'_>, default: &LoggingSettings) -> LoggingSettings {
        if let Some(rotation) = raw.rotation.as_ref().filter(|rotation| *rotation != "daily") {
            let message = format!("`rotation: {rotation}` has no effect yet");
            self.wrong(at.key("rotation"), message, "only `rotation: daily` so far");
        }
        if raw.keep == Some(0) {
            self.wrong(at.key("keep"), "`keep` must be at least 1", "");
        }
        LoggingSettings {
            format: raw.format.unwrap_or(default.format),
            directory: self.path(raw.directory.as_ref(), at, "directory"),
            keep: raw.keep.unwrap_or(default.keep),
        }
    }

    fn env(&mut self, given: Option<&Vec<String>>, at: At<'_>) -> BTreeMap<String, Option<String>> {
        let mut env = BTreeMap::new();
        for (index, name) in given.into_iter().flatten().enumerate() {
            if name.is_empty() || !name.chars().all(|each| each.is_ascii_alphanumeric() || each == '_') {
                let message = format!("`{name}` is no name for an environment variable");
                self.wrong(at.key("env").item(index), message, "");
            }
            let value = self.surroundings.variables.get(name).cloned();
            let secret = value.as_ref().filter(|value| value.len() >= SHORTEST_SECRET);
            self.secrets.extend(secret.map(Secret::new));
            env.insert(name.clone(), value);
        }
        env
    }
}
