//! A manifest's file, read and written.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::domain::replica::{MANIFEST_VERSION, Manifest};

/// Reads a manifest; `None` if there is none. One of a newer form, or one that is none, is `InvalidData`.
pub(super) fn read(path: &Path) -> io::Result<Option<Manifest>> {
    let text = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read?,
    };
    let wrong = |words: String| {
        io::Error::new(io::ErrorKind::InvalidData, format!("{} can't be read: {words}", path.display()))
    };
    parse(&text).map(Some).map_err(wrong)
}

/// Reads a manifest's text, or says why it is none.
pub(super) fn parse(text: &[u8]) -> Result<Manifest, String> {
    let manifest: Manifest = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    if manifest.version > MANIFEST_VERSION {
        return Err(format!("it has version {}, known is {MANIFEST_VERSION}", manifest.version));
    }
    Ok(manifest)
}

/// A manifest's text.
pub(super) fn text(manifest: &Manifest) -> serde_json::Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(manifest)?;
    text.push(b'\n');
    Ok(text)
}

/// Writes a manifest to a hidden file and waits until it is on the disk. Who may read the replica may read it.
pub(super) fn write(path: &Path, manifest: &Manifest, replica: &fs::Metadata) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(&text(manifest)?)?;
    file.set_permissions(fs::Permissions::from_mode(replica.permissions().mode() & 0o666 | 0o200))?;
    own_as(path, replica);
    file.sync_all()
}

/// Gives a file to the owner of another one, where this process may.
pub(crate) fn own_as(path: &Path, other: &fs::Metadata) {
    use std::os::unix::fs::MetadataExt as _;
    // Only root may give files away; a group of one's own goes too.
    drop(std::os::unix::fs::chown(path, Some(other.uid()), Some(other.gid())));
}
