//! Putting a generation in the replica's place: file first, manifest last, each step on the disk before the next.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::domain::replica::Manifest;

use super::layout::{Layout, logs_of, with_ending};
use super::manifest;
use super::state::State;

/// Gives a hidden file its place among the generations, together with its manifest. Says `false`, and leaves nothing,
/// where the file system has no hard links. The file keeps its hidden name as well.
pub(crate) fn enter(layout: &Layout, hidden: &Path, made: &Manifest) -> io::Result<bool> {
    let (file, beside) = (layout.generation(made.generation), with_ending(hidden, ".json"));
    let entered = (|| {
        // Before anything is named: on a full disk this is what fails.
        let facts = fs::metadata(hidden)?;
        manifest::write(&beside, made, &facts)?;
        make_folder(layout, &facts)?;
        match fs::hard_link(hidden, &file) {
            Err(error) if has_no_links(&error) => {
                fs::remove_file(&beside)?;
                leave(layout, made.generation);
                return Ok(false);
            }
            linked => linked?,
        }
        fs::rename(&beside, layout.generation_manifest(made.generation))?;
        sync(&layout.generations())?;
        Ok(true)
    })();
    if entered.is_err() {
        drop(fs::remove_file(&beside));
        leave(layout, made.generation);
    }
    entered
}

/// Takes a generation that isn't the replica away, its manifest first: a manifest always has its file.
pub(crate) fn leave(layout: &Layout, number: u64) {
    let file = layout.generation(number);
    for path in [layout.generation_manifest(number), file.clone()].into_iter().chain(logs_of(&file)) {
        drop(fs::remove_file(path));
    }
    // Stays unless it was the last.
    drop(fs::remove_dir(layout.generations()));
}

/// Makes a hidden file the replica, durably, and then says so in the manifest. No reader sees it with a log that isn't
/// its own.
pub(crate) fn show(layout: &Layout, hidden: &Path, shown: &Manifest) -> io::Result<()> {
    let beside = with_ending(hidden, ".manifest");
    let done = (|| {
        manifest::write(&beside, shown, &fs::metadata(hidden)?)?;
        remove_logs(layout)?;
        fs::rename(hidden, layout.replica())?;
        sync(layout.folder())?;
        fs::rename(&beside, layout.manifest())?;
        sync(layout.folder())
    })();
    if done.is_err() {
        drop(fs::remove_file(&beside));
    }
    done
}

/// Makes a generation that is there the replica.
pub(crate) fn show_again(layout: &Layout, shown: &Manifest) -> io::Result<()> {
    let hidden = layout.hidden_again();
    match fs::remove_file(&hidden) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::hard_link(layout.generation(shown.generation), &hidden)?;
    let done = show(layout, &hidden, shown);
    // Renaming a file over another name of its own does nothing, and after a failure it is in nobody's way.
    drop(fs::remove_file(&hidden));
    done
}

/// Finishes what a crash interrupted: gives the replica the manifest of the generation that it is. Says which that was.
pub(crate) fn finish(layout: &Layout, state: &mut State) -> io::Result<Option<u64>> {
    let Some(manifest) = state.unfinished() else { return Ok(None) };
    let hidden = with_ending(&layout.hidden_again(), ".manifest");
    manifest::write(&hidden, &manifest, &fs::metadata(layout.replica())?)?;
    fs::rename(&hidden, layout.manifest())?;
    sync(layout.folder())?;
    let number = manifest.generation;
    state.manifest = Some(manifest);
    Ok(Some(number))
}

/// Makes the folder of generations, durably. Who may read the replica may look into it.
fn make_folder(layout: &Layout, replica: &fs::Metadata) -> io::Result<()> {
    let folder = layout.generations();
    match fs::create_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        made => made?,
    }
    let readers = replica.permissions().mode() & 0o444;
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700 | readers | readers >> 2))?;
    manifest::own_as(&folder, replica);
    sync(layout.folder())
}

/// Removes logs beside the replica and all of its generations.
fn remove_logs(layout: &Layout) -> io::Result<()> {
    for log in State::read(layout)?.logs {
        match fs::remove_file(&log) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Whether an error means that a file can't have two names here.
fn has_no_links(error: &io::Error) -> bool {
    use nix::errno::Errno::{EMLINK, ENOSYS, EOPNOTSUPP, EPERM, EXDEV};
    let code = error.raw_os_error().unwrap_or_default();
    [EPERM, EOPNOTSUPP, ENOSYS, EMLINK, EXDEV].iter().any(|errno| *errno as i32 == code)
}

/// Waits until what a folder holds is on the disk.
fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
