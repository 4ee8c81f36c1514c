//! Finding and reading the settings file.

use std::path::{Path, PathBuf};

use crate::spec::Diagnostic;
use crate::spec::authored::{At, Node, Problems, Shape, Source, schema_of};

use super::expand::expand;
use super::raw::RawSettings;
use super::resolve::{Resolver, defaults};
use super::settings::Settings;
use super::surroundings::Surroundings;

/// The settings file in the working directory.
const LOCAL: &str = "windlass.yaml";

/// The settings file of the machine.
const SYSTEM: &str = "/etc/windlass/windlass.yaml";

impl Settings {
    /// Reads the file that was named, else `windlass.yaml`, else `/etc/windlass/windlass.yaml`; without any of them the
    /// built-in defaults apply. All that is wrong with the file is found.
    pub fn load(named: Option<&Path>, surroundings: &Surroundings) -> Result<Self, Vec<Diagnostic>> {
        Self::load_first(named, &[surroundings.folder.join(LOCAL), PathBuf::from(SYSTEM)], surroundings)
    }

    fn load_first(
        named: Option<&Path>,
        places: &[PathBuf],
        surroundings: &Surroundings,
    ) -> Result<Self, Vec<Diagnostic>> {
        match named.or_else(|| places.iter().map(PathBuf::as_path).find(|path| path.exists())) {
            Some(path) => read(path, surroundings),
            None => Ok(defaults(&surroundings.folder, surroundings)),
        }
    }
}

fn read(path: &Path, surroundings: &Surroundings) -> Result<Settings, Vec<Diagnostic>> {
    let source = Source::read(path).map_err(|diagnostic| vec![diagnostic])?;
    let absolute = surroundings.folder.join(path);
    let base = absolute.parent().map(Path::to_owned).unwrap_or_default();
    let mut problems = Problems::new(&source);
    let mut node = Node::parse(&source).map_err(|diagnostic| vec![diagnostic])?;
    if !expand(&mut node, &surroundings.variables, &mut problems) {
        return Err(problems.into_sorted());
    }
    let Some(node) = Shape::lenient(schema_of::<RawSettings>()).check(node, &mut problems) else {
        return Err(problems.into_sorted());
    };
    let raw: RawSettings = match serde_json::from_value(node.to_json()) {
        Ok(raw) => raw,
        Err(error) => {
            problems.push(Diagnostic::of_file(path, format!("the file can't be read as settings: {error}")));
            return Err(problems.into_sorted());
        }
    };
    let mut resolver = Resolver { problems: &mut problems, base: &base, surroundings, secrets: Vec::new() };
    let settings = resolver.settings(&raw, At::root(&node));
    if problems.len() > 0 {
        return Err(problems.into_sorted());
    }
    Ok(Settings { file: Some(absolute), ..settings })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_named_file_goes_before_the_local_one_before_the_machines() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, runs: u32| {
            let path = folder.path().join(name);
            std::fs::write(&path, format!("runner: {{max_runs: {runs}}}\n")).unwrap();
            path
        };
        let (named, local, system) = (write("named.yaml", 1), write("local.yaml", 2), write("system.yaml", 3));
        let surroundings = Surroundings { folder: folder.path().to_owned(), ..Surroundings::default() };
        let load = |named: Option<&Path>, places: &[PathBuf]| {
            Settings::load_first(named, places, &surroundings).unwrap().max_runs
        };
        let places = [local, system];
        assert_eq!(load(Some(&named), &places), 1);
        assert_eq!(load(None, &places), 2);
        assert_eq!(load(None, &places[1..]), 3);
        assert_eq!(load(None, &[]), 8);
    }
}
