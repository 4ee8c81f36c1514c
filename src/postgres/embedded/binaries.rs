//! Finding PostgreSQL's programs.
//!
//! A folder counts only if its `postgres --version` answers with a version that will do and `initdb` and `pg_ctl` lie
//! beside it: what PATH offers may be a wrapper, or a client without a server.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::error::EmbeddedError;

/// The oldest major version: `client_connection_check_interval` came with it.
const OLDEST: u32 = 14;

/// Where Debian, Red Hat, Homebrew (macOS and Linux), Alpine and Postgres.app put the programs; `*` is a version.
const USUAL_PLACES: &[&str] = &[
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/lib/postgresql*/bin",
    "/usr/libexec/postgresql*",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
    "/usr/local/pgsql/bin",
    "/usr/local/bin",
    "/usr/bin",
];

/// A folder with the programs of one PostgreSQL installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binaries {
    /// The folder.
    pub folder: PathBuf,
    /// The major version.
    pub major: u32,
}

impl Binaries {
    /// The programs to use: of that major version where a cluster exists already, else the first that will do in the
    /// order PATH, `pg_config`, the usual places from new to old.
    pub fn find(major: Option<u32>) -> Result<Self, EmbeddedError> {
        let mut found: Vec<Self> = Vec::new();
        let mut too_old = None;
        for folder in candidates() {
            match version(&folder) {
                Some(version) if version < OLDEST => too_old = too_old.or(Some((version, folder))),
                Some(version) => found.push(Self { folder, major: version }),
                None => {}
            }
        }
        let Some(wanted) = major else {
            return found.into_iter().next().ok_or_else(|| missing(too_old));
        };
        if let Some(right) = found.iter().find(|binaries| binaries.major == wanted) {
            return Ok(right.clone());
        }
        let others: Vec<String> =
            found.iter().map(|other| format!("{} ({})", other.major, other.folder.display())).collect();
        let others = if others.is_empty() { "none".to_owned() } else { others.join(", ") };
        Err(EmbeddedError::Missing {
            message: format!("the data directory belongs to PostgreSQL {wanted}; installed here: {others}"),
            hint: format!(
                "install PostgreSQL {wanted} again, or take the cluster to another version with pg_upgrade, or move \
                 the folder `postgres` out of the data directory to start with an empty one"
            ),
        })
    }

    /// The programs in that folder; of that major version where a cluster exists already.
    pub(super) fn at(folder: &Path, major: Option<u32>) -> Result<Self, EmbeddedError> {
        let hint = || "name the folder that holds `postgres`, `initdb` and `pg_ctl`".to_owned();
        let Some(found) = version(folder) else {
            let message = format!("`{}` holds no PostgreSQL server programs that run here", folder.display());
            return Err(EmbeddedError::Missing { message, hint: hint() });
        };
        if found < OLDEST {
            return Err(missing(Some((found, folder.to_path_buf()))));
        }
        if let Some(wanted) = major.filter(|wanted| *wanted != found) {
            let message = format!(
                "the data directory belongs to PostgreSQL {wanted}; `{}` holds PostgreSQL {found}",
                folder.display()
            );
            return Err(EmbeddedError::Missing { message, hint: hint() });
        }
        Ok(Self { folder: folder.to_path_buf(), major: found })
    }

    /// One of the programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// Folders that may hold the programs, best first, each once.
fn candidates() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = Vec::new();
    let mut add = |folder: PathBuf| {
        if !folders.contains(&folder) {
            folders.push(folder);
        }
    };
    if let Some(program) = answer(Command::new("sh").args(["-c", "command -v postgres"])) {
        // A link on PATH stands for the folder that it leads into.
        if let Some(folder) = std::fs::canonicalize(program).ok().as_deref().and_then(Path::parent) {
            add(folder.to_path_buf());
        }
    }
    if let Some(folder) = answer(Command::new("pg_config").arg("--bindir")) {
        add(PathBuf::from(folder));
    }
    for pattern in USUAL_PLACES {
        let mut matches: Vec<PathBuf> = glob::glob(pattern).into_iter().flatten().flatten().collect();
        matches.sort_by_key(|folder| std::cmp::Reverse(number_in(folder)));
        matches.into_iter().for_each(&mut add);
    }
    folders
}

/// The first number in a path: the version, in the usual places.
fn number_in(path: &Path) -> u32 {
    let text = path.to_string_lossy();
    let digits = text.split(|c: char| !c.is_ascii_digit()).find(|digits| !digits.is_empty());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// The major version of the server programs in a folder, if they are all there and answer.
fn version(folder: &Path) -> Option<u32> {
    if !["initdb", "pg_ctl"].iter().all(|name| folder.join(name).is_file()) {
        return None;
    }
    parse_version(&answer(Command::new(folder.join("postgres")).arg("--version"))?)
}

/// The major version in `postgres (PostgreSQL) 15.18 (Debian …)`.
fn parse_version(text: &str) -> Option<u32> {
    let number = text.strip_prefix("postgres (PostgreSQL) ")?;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// The first line that a program prints, if it succeeds.
fn answer(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let line = String::from_utf8(output.stdout).ok()?.lines().next()?.to_owned();
    output.status.success().then_some(line)
}

fn missing(too_old: Option<(u32, PathBuf)>) -> EmbeddedError {
    let message = match too_old {
        Some((version, folder)) => {
            format!("PostgreSQL {version} in `{}` is too old, {OLDEST} or newer is needed", folder.display())
        }
        None => "neither PATH, nor pg_config, nor the usual places have `postgres`, `initdb` and `pg_ctl`".to_owned(),
    };
    EmbeddedError::Missing { message, hint: install_hint() }
}

/// The install command of the machine's package manager.
fn install_hint() -> String {
    let managers = [
        ("/usr/bin/apt-get", "sudo apt-get install postgresql"),
        ("/usr/bin/dnf", "sudo dnf install postgresql-server"),
        ("/sbin/apk", "apk add postgresql"),
        ("/opt/homebrew/bin/brew", "brew install postgresql@18"),
        ("/usr/local/bin/brew", "brew install postgresql@18"),
        ("/home/linuxbrew/.linuxbrew/bin/brew", "brew install postgresql@18"),
    ];
    let command = managers.iter().find(|(path, _)| Path::new(path).exists()).map_or(
        "apt-get install postgresql (Debian), dnf install postgresql-server (Red Hat) or brew install postgresql@18",
        |(_, command)| command,
    );
    format!(
        "install PostgreSQL: {command}; or name a server of yours in windlass.yaml: state: {{postgres: {{url: …}}}}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_packagers_read_alike() {
        assert_eq!(parse_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some(15));
        assert_eq!(parse_version("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(parse_version("refusing to run"), None);
    }

    #[test]
    fn newer_places_sort_by_number_not_by_text() {
        assert!(
            number_in(Path::new("/usr/lib/postgresql/9.6/bin")) < number_in(Path::new("/usr/lib/postgresql/15/bin"))
        );
    }

    #[test]
    fn a_cluster_of_a_version_that_is_not_installed_is_refused_by_name() {
        let EmbeddedError::Missing { message, hint } = Binaries::find(Some(99)).unwrap_err() else { panic!() };
        assert!(message.contains("belongs to PostgreSQL 99"), "{message}");
        assert!(hint.contains("pg_upgrade"), "{hint}");
    }
}
