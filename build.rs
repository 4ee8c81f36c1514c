//! Finds the DuckDB library, says what to do when it is missing, and sets the run path.
//!
//! Windlass links DuckDB's official shared library. `scripts/setup` fetches it once and `.cargo/config.toml` names the
//! place as `DUCKDB_LIB_DIR`. The binary looks for the library beside itself and in `../lib/windlass`, as a package
//! installs it; a link beside the built binaries makes the same run path work in the target directory.

#![expect(
    clippy::disallowed_methods,
    reason = "a build script is told where things are by its environment, and stops by its exit code"
)]

use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    println!("cargo:rerun-if-env-changed=DUCKDB_LIB_DIR");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=migrations");
    if env::var_os("CARGO_FEATURE_BUNDLED").is_some() {
        return;
    }
    let name = if cfg!(target_os = "macos") { "libduckdb.dylib" } else { "libduckdb.so" };
    let library = env::var_os("DUCKDB_LIB_DIR").map(|directory| PathBuf::from(directory).join(name));
    let Some(library) = library.filter(|path| path.exists()) else {
        println!("cargo:warning=DuckDB's shared library ({name}) was not found in DUCKDB_LIB_DIR.");
        println!(
            "cargo:warning=Run scripts/setup once: it fetches the library, checks it and puts it where cargo looks."
        );
        println!(
            "cargo:warning=Or set DUCKDB_LIB_DIR to a folder that holds it, or build with --features bundled (slow)."
        );
        std::process::exit(1);
    };
    println!("cargo:rerun-if-changed={}", library.display());
    for run_path in ["$ORIGIN", "$ORIGIN/../lib/windlass"] {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{run_path}");
    }
    if let Err(error) = link_beside_binaries(&library, name) {
        println!("cargo:warning=could not link {name} beside the binaries: {error}");
        std::process::exit(1);
    }
}

/// Puts a link to the library into `target/<profile>` and `target/<profile>/deps`, where binaries and tests lie.
fn link_beside_binaries(library: &Path, name: &str) -> std::io::Result<()> {
    let library = fs::canonicalize(library)?;
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let Some(profile) = out.ancestors().nth(3) else { return Ok(()) };
    for folder in [profile.to_path_buf(), profile.join("deps")] {
        fs::create_dir_all(&folder)?;
        let link = folder.join(name);
        if fs::read_link(&link).is_ok_and(|target| target == library) {
            continue;
        }
        // Two builds may share the folder: make the link under another name and move it over.
        let fresh = folder.join(format!("{name}.{}", std::process::id()));
        std::os::unix::fs::symlink(&library, &fresh)?;
        fs::rename(&fresh, &link)?;
    }
    Ok(())
}
