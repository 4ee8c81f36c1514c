//! Passwords from a password file, as libpq reads it: `~/.pgpass`, or the one that `passfile` names.
//!
//! A line is `host:port:database:user:password`. `*` stands for anything, a backslash makes the colon or backslash after
//! it a part of the field, `#` begins a comment. The first line that fits counts. A file that others can read is not
//! used: of an own one it is an error, `~/.pgpass` is passed over.
//! See <https://www.postgresql.org/docs/current/libpq-pgpass.html>.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tokio_postgres::Config;
use tokio_postgres::config::Host;

use super::error::{PgError, PgErrorKind};

/// Finds the password for the first host of a configuration.
pub(super) fn find(config: &Config, named: Option<&Path>) -> Result<Option<String>, PgError> {
    let (path, own) = match named {
        Some(path) => (path.to_path_buf(), true),
        None => match std::env::home_dir() {
            Some(home) => (home.join(".pgpass"), false),
            None => return Ok(None),
        },
    };
    let text = match read(&path) {
        Ok(text) => text,
        Err(_) if !own => return Ok(None),
        Err(message) => {
            let doing = format!("reading passfile `{}`", path.display());
            return Err(PgError::without_server(doing, message, PgErrorKind::Settings));
        }
    };
    Ok(password(&text, &wanted(config)))
}

fn read(path: &PathBuf) -> Result<String, String> {
    let metadata = fs::metadata(path).map_err(|error| error.to_string())?;
    if metadata.permissions().mode() & 0o077 != 0 {
        return Err("others can read it: `chmod 600` it".to_owned());
    }
    fs::read_to_string(path).map_err(|error| error.to_string())
}

/// Host, port, database and user of a configuration, as a password file has them.
fn wanted(config: &Config) -> [String; 4] {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(host)) => host.clone(),
        // The default folder counts as this machine.
        Some(Host::Unix(folder)) if matches!(folder.to_str(), Some("/tmp" | "/var/run/postgresql")) => {
            "localhost".to_owned()
        }
        Some(Host::Unix(folder)) => folder.display().to_string(),
        None => config.get_hostaddrs().first().map_or_else(|| "localhost".to_owned(), ToString::to_string),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432).to_string();
    let user = config.get_user().unwrap_or_default().to_owned();
    let database = config.get_dbname().map_or_else(|| user.clone(), str::to_owned);
    [host, port, database, user]
}

/// The password of the first line that fits.
fn password(text: &str, wanted: &[String; 4]) -> Option<String> {
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let mut rest = line;
        for wanted in wanted {
            let (field, after) = field(rest)?;
            if field != "*" && unescaped(field) != *wanted {
                return None;
            }
            rest = after;
        }
        Some(unescaped(rest))
    })
}

/// The text up to the next colon that isn't escaped, and what follows it.
fn field(text: &str) -> Option<(&str, &str)> {
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ':' => return Some((&text[..at], &text[at + 1..])),
            _ => {}
        }
    }
    None
}

fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        plain.extend(if character == '\\' { characters.next() } else { Some(character) });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_fits_counts_and_colons_can_be_escaped() {
        let text = "# a comment\ndb:5432:shop:reader:p\\:a\\\\ss\n*:*:*:reader:other\nbroken\n*:6543:*:*:암호";
        let find = |host: &str, port: &str, user: &str| password(text, &[host, port, "shop", user].map(str::to_owned));
        assert_eq!(find("db", "5432", "reader").as_deref(), Some("p:a\\ss"));
        assert_eq!(find("elsewhere", "5432", "reader").as_deref(), Some("other"));
        assert_eq!(find("db", "6543", "writer").as_deref(), Some("암호"));
        assert_eq!(find("db", "5432", "writer"), None);
    }

    #[test]
    fn a_socket_in_its_usual_folder_is_this_machine() {
        let of = |url: &str| wanted(&url.parse().unwrap());
        assert_eq!(of("postgres://me@%2Fvar%2Frun%2Fpostgresql/shop"), ["localhost", "5432", "shop", "me"]);
        assert_eq!(of("postgres://me@%2Fdata:1/"), ["/data", "1", "me", "me"]);
    }
}
