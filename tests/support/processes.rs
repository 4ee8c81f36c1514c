//! Looking for processes that should be gone.

use std::path::Path;

/// Command lines of living processes that name this path. A zombie has none.
pub(crate) fn processes_naming(path: &Path) -> Vec<String> {
    let needle = path.to_str().unwrap();
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter_map(|process| std::fs::read(process.path().join("cmdline")).ok())
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.contains(needle) && !line.contains("windlass-test-keeper"))
        .collect()
}
