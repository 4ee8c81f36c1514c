//! The process that settings are read in: its environment, its folder, its user. The only place that looks.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// What settings depend on besides their file.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Environment variables; those that aren't UTF-8 are left out.
    pub variables: BTreeMap<String, String>,
    /// The working directory.
    pub folder: PathBuf,
    /// Whether the process runs as root.
    pub root: bool,
}

impl Surroundings {
    /// Those of this process.
    pub fn of_process() -> Self {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        // Without a working directory (it was deleted) relative paths can't be right anyway.
        let folder = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
        Self { variables, folder, root: nix::unistd::geteuid().is_root() }
    }

    /// The folder for data, if the settings name none.
    pub(super) fn data_dir(&self) -> PathBuf {
        let absolute = |name: &str| self.variables.get(name).map(PathBuf::from).filter(|path| path.is_absolute());
        match (self.root, absolute("XDG_DATA_HOME"), absolute("HOME")) {
            (false, Some(data), _) => data.join("windlass"),
            (false, None, Some(home)) => home.join(".local/share/windlass"),
            _ => PathBuf::from("/var/lib/windlass"),
        }
    }
}
