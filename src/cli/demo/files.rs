//! The shipped job files, written to the demo's folder where the user can change them.

use std::path::{Path, PathBuf};

use crate::cli::error::CliError;
use crate::cli::workspace::local;
use crate::settings::{Settings, Surroundings};

/// The settings file's name.
pub(super) const SETTINGS: &str = "windlass.yaml";

/// The variable that the shipped settings read; in the demo the data stays beside the files.
const DATA_DIR: &str = "WINDLASS_DATA_DIR";

/// Every shipped file with its text. A file in `jobs/` that is missing here is noticed by a test.
const FILES: [(&str, &str); 8] = [
    (SETTINGS, include_str!("../../../jobs/windlass.yaml")),
    ("staging-copy.yaml", include_str!("../../../jobs/staging-copy.yaml")),
    ("parallel-ctas.yaml", include_str!("../../../jobs/parallel-ctas.yaml")),
    ("read-replica.yaml", include_str!("../../../jobs/read-replica.yaml")),
    ("exclusive-account.yaml", include_str!("../../../jobs/exclusive-account.yaml")),
    ("nasdaq-daily.yaml", include_str!("../../../jobs/nasdaq-daily.yaml")),
    ("load-warehouse.yaml", include_str!("../../../jobs/load-warehouse.yaml")),
    ("indicators.sql", include_str!("../../../jobs/indicators.sql")),
];

/// The demo's folder if none is named: beside the data that Windlass would keep.
pub(super) fn default_folder(surroundings: &Surroundings) -> PathBuf {
    let home = |name: &str| surroundings.variables.get(name).map(PathBuf::from).filter(|path| path.is_absolute());
    if surroundings.root {
        // The embedded server's unprivileged user can't pass through root's home.
        return PathBuf::from("/var/lib/windlass-demo");
    }
    home("XDG_DATA_HOME")
        .or_else(|| home("HOME").map(|home| home.join(".local/share")))
        .map_or_else(|| std::env::temp_dir().join("windlass-demo"), |data| data.join("windlass-demo"))
}

/// Writes the files that aren't there yet; what the user has changed stays.
pub(super) fn write(folder: &Path) -> Result<(), CliError> {
    std::fs::create_dir_all(folder).map_err(|error| local("making the demo's folder", folder, &error))?;
    for (name, text) in FILES {
        let path = folder.join(name);
        if !path.exists() {
            std::fs::write(&path, text).map_err(|error| local("writing", &path, &error))?;
        }
    }
    Ok(())
}

/// The settings of the demo's folder.
pub(super) fn settings(folder: &Path, mut surroundings: Surroundings) -> Result<Settings, CliError> {
    surroundings.variables.remove(DATA_DIR);
    Settings::load(Some(&folder.join(SETTINGS)), &surroundings).map_err(|found| crate::cli::workspace::wrong(&found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_file_is_in_the_demo() {
        let shipped = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/jobs")).unwrap();
        let names = shipped.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut missing: Vec<_> = names
            .filter(|name| [Some("yaml"), Some("sql")].contains(&name.rsplit_once('.').map(|(_, end)| end)))
            .collect();
        missing.retain(|name| !FILES.iter().any(|(known, _)| known == name));
        assert!(missing.is_empty(), "{missing:?}");
    }
}
