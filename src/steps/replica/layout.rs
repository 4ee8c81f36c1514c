//! Where the files of a replica stand.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Endings of the logs that DuckDB looks for beside a file. One that stems from another file is refused or, with an
/// old storage version, replayed.
const LOGS: [&str; 3] = [".wal", ".wal.checkpoint", ".wal.recovery"];

/// The names of a replica's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    folder: PathBuf,
    name: String,
}

impl Layout {
    /// The layout of the replica at that path. A link to it is followed; it need not exist, its folder must.
    pub fn of(path: &Path) -> io::Result<Self> {
        let real = match fs::symlink_metadata(path) {
            Ok(found) if found.is_symlink() => path.canonicalize()?,
            _ => path.to_path_buf(),
        };
        let nameless = || io::Error::new(io::ErrorKind::InvalidFilename, "it names no file, or not in UTF-8");
        let name = real.file_name().and_then(|name| name.to_str()).ok_or_else(nameless)?.to_owned();
        let folder = match real.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let folder = folder
            .canonicalize()
            .map_err(|error| io::Error::new(error.kind(), format!("the folder {}: {error}", folder.display())))?;
        Ok(Self { folder, name })
    }

    /// The folder that the replica stands in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The replica's name without its folder.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The replica: what readers open.
    pub fn replica(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    /// Its manifest.
    pub fn manifest(&self) -> PathBuf {
        self.folder.join(format!("{}.json", self.name))
    }

    /// The folder of its generations.
    pub fn generations(&self) -> PathBuf {
        self.folder.join(format!("{}.generations", self.name))
    }

    /// A generation's file.
    pub fn generation(&self, number: u64) -> PathBuf {
        self.generations().join(format!("{number}.db"))
    }

    /// A generation's manifest.
    pub fn generation_manifest(&self, number: u64) -> PathBuf {
        self.generations().join(format!("{number}.json"))
    }

    /// A generation's file as a manifest names it, relative to the replica's folder.
    pub fn generation_name(&self, number: u64) -> String {
        format!("{}.generations/{number}.db", self.name)
    }

    /// What the names of all hidden files of this replica start with.
    pub fn hidden_prefix(&self) -> String {
        format!(".{}.windlass-", self.name)
    }

    /// The hidden name that a generation goes back by. Only who holds the lock uses it.
    pub fn hidden_again(&self) -> PathBuf {
        self.folder.join(format!("{}again", self.hidden_prefix()))
    }

    /// The file that publishers of this replica lock.
    pub fn lock_file(&self) -> PathBuf {
        self.folder.join(format!("{}lock", self.hidden_prefix()))
    }
}

/// Where logs of a DuckDB file would lie.
pub fn logs_of(path: &Path) -> impl Iterator<Item = PathBuf> {
    LOGS.iter().map(|ending| with_ending(path, ending))
}

/// A path with something at its end.
pub(in crate::steps) fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut longer = path.as_os_str().to_owned();
    longer.push(ending);
    PathBuf::from(longer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_followed_and_names_stand_beside_the_file_itself() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().canonicalize().unwrap();
        fs::create_dir(real.join("data")).unwrap();
        fs::write(real.join("data/stock.db"), "").unwrap();
        std::os::unix::fs::symlink(real.join("data/stock.db"), real.join("current.db")).unwrap();
        let layout = Layout::of(&real.join("current.db")).unwrap();
        assert_eq!(layout.replica(), real.join("data/stock.db"));
        assert_eq!(layout.manifest(), real.join("data/stock.db.json"));
        assert_eq!(layout.generation(41), real.join("data/stock.db.generations/41.db"));
        assert_eq!(layout.folder().join(layout.generation_name(41)), layout.generation(41));
        assert!(Layout::of(&real.join("nowhere/x.db")).unwrap_err().to_string().contains("nowhere"));
    }
}
