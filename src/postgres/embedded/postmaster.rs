//! Whether a server runs in the data directory, judged without connecting.

use std::path::Path;
use std::process::Command;

use super::error::EmbeddedError;
use super::layout::Layout;

/// Whether the process that the pid file names is a server of this data directory.
pub(super) fn is_alive(layout: &Layout) -> bool {
    let Ok(text) = std::fs::read_to_string(layout.pid_file()) else { return false };
    // A server in single-user mode writes a negative number.
    let Some(pid) = text.lines().next().and_then(|line| line.trim().trim_start_matches('-').parse::<u32>().ok()) else {
        return false;
    };
    let process = Path::new("/proc").join(pid.to_string());
    if Path::new("/proc/self").exists() {
        // The server works in its data directory; a process that got the number of a dead one doesn't.
        return std::fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd == layout.data);
    }
    let listed = Command::new("ps").args(["-o", "command=", "-p", &pid.to_string()]).output();
    listed.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("postgres"))
}

/// Removes what a server left that died with its machine: PostgreSQL itself refuses to start when the number in its pid
/// file belongs to another living process of the same user. Only called when `is_alive` said no, under the start lock.
pub(super) fn remove_traces(layout: &Layout, port: u16) -> Result<(), EmbeddedError> {
    let socket = layout.socket.join(format!(".s.PGSQL.{port}"));
    let socket_lock = layout.socket.join(format!(".s.PGSQL.{port}.lock"));
    for path in [layout.pid_file(), socket_lock, socket] {
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(EmbeddedError::file("cleaning up after", &path, &error));
            }
            _ => {}
        }
    }
    Ok(())
}
