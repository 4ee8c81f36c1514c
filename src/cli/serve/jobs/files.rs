//! The job files of a folder from look to look: which are new or changed, which are broken, which are gone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::stamp::Stamp;
use crate::cli::job_source;
use crate::spec::{self, Diagnostic, Known, Loaded};
use crate::store::Definition;

/// What is remembered of a job file.
#[derive(Default)]
struct Remembered {
    /// Of the file and of the files that were read into its job; `None`: to be read again.
    stamps: Option<Vec<(PathBuf, Option<Stamp>)>>,
    /// The job that it holds; of a broken one, the job that it held when it was last right.
    job: Option<String>,
    /// What is wrong with it, all of it.
    problem: Option<String>,
    /// It wasn't there at the last look.
    gone: bool,
}

/// The job files of a folder, as they were at the last look.
#[derive(Default)]
pub(super) struct JobFiles {
    files: BTreeMap<PathBuf, Remembered>,
}

/// What a look found.
#[derive(Default)]
pub(super) struct Look {
    /// Definitions of new and changed files.
    pub(super) changed: Vec<Definition>,
    /// Names of all jobs that there are files of, broken ones included.
    pub(super) jobs: BTreeSet<String>,
    /// What is wrong with files, by the job that is in them; only the first problem of each.
    pub(super) problems: BTreeMap<String, String>,
    /// Jobs whose name is only what a broken file's text says.
    pub(super) guessed: Vec<String>,
    /// Whether there is a broken file of which nobody knows which job it holds.
    pub(super) unknown: bool,
    /// Broken files.
    pub(super) broken: usize,
    /// Whether anything is different from the last look.
    pub(super) news: bool,
    /// Whether another look is to follow soon, because something may only be on its way.
    pub(super) again: bool,
}

impl JobFiles {
    /// Looks at the folder.
    pub(super) fn look(&mut self, folder: &Path, known: &Known) -> Look {
        let mut look = Look::default();
        match spec::job_files(folder) {
            Ok(paths) => self.look_at(&paths, known, &mut look),
            Err(error) => {
                tracing::error!(folder = %folder.display(), %error, "the folder of jobs can't be read; jobs stay as they are");
                look.unknown = true;
            }
        }
        for (path, file) in &self.files {
            look.jobs.extend(file.job.clone());
            if let Some(problem) = &file.problem {
                look.broken += 1;
                let guessed = if file.job.is_none() { named_in(path) } else { None };
                match file.job.clone().or_else(|| guessed.clone()) {
                    Some(job) => drop(look.problems.insert(job, problem.clone())),
                    None => look.unknown = true,
                }
                look.guessed.extend(guessed);
            }
        }
        look.jobs.extend(look.guessed.iter().cloned());
        look
    }

    /// Reads all files again at the next look, and takes it for true if one isn't there then.
    pub(super) fn forget(&mut self) {
        for file in self.files.values_mut() {
            file.stamps = None;
            file.gone = true;
        }
    }

    /// Folders in which a change matters, beside the folder of jobs itself.
    pub(super) fn folders(&self) -> BTreeSet<PathBuf> {
        let read = self.files.values().flat_map(|file| file.stamps.iter().flatten());
        read.filter_map(|(path, _)| path.parent()).map(Path::to_owned).collect()
    }

    fn look_at(&mut self, paths: &[PathBuf], known: &Known, look: &mut Look) {
        let here: BTreeSet<&PathBuf> = paths.iter().collect();
        // An editor that saves by renaming has the name empty for an instant; a job isn't retired for that.
        self.files.retain(|path, file| {
            let gone = !here.contains(path);
            let left = gone && file.gone;
            look.again |= gone && !left;
            look.news |= left;
            file.gone = gone;
            !left
        });
        for path in paths {
            if !self.files.get(path).is_some_and(is_same) {
                self.read(path, known, look);
            }
        }
    }

    fn read(&mut self, path: &Path, known: &Known, look: &mut Look) {
        // Taken before it is read: what is written meanwhile makes another stamp.
        let mut stamps = vec![(path.to_owned(), Stamp::of(path))];
        let loaded = spec::load_file(path, known).and_then(|loaded| self.only_one(path, loaded));
        let file = self.files.entry(path.to_owned()).or_default();
        file.gone = false;
        match loaded {
            Ok(loaded) => {
                stamps.extend(loaded.reads.iter().map(|read| (read.clone(), Stamp::of(read))));
                *file =
                    Remembered { stamps: Some(stamps), job: Some(loaded.job.name.clone()), ..Remembered::default() };
                look.changed.push(job_source::definition(loaded));
                look.news = true;
            }
            Err(found) => {
                file.stamps = None;
                let problem = in_one_line(&found);
                if file.problem.as_ref() != Some(&problem) {
                    for one in &found {
                        tracing::error!(at = one.place(), hint = one.hint, "{}", one.message);
                    }
                    file.problem = Some(problem);
                    look.news = true;
                    // The file that is in its way may have changed too, and be read after it.
                    look.again = true;
                }
            }
        }
    }

    /// Refuses a job whose name another file has.
    fn only_one(&self, path: &Path, loaded: Loaded) -> Result<Loaded, Vec<Diagnostic>> {
        let has_it = |(other, file): &(&PathBuf, &Remembered)| {
            other.as_path() != path
                && !file.gone
                && file.problem.is_none()
                && file.job.as_ref() == Some(&loaded.job.name)
        };
        match self.files.iter().find(has_it) {
            Some((first, _)) => Err(vec![loaded.second_to(&first.display().to_string())]),
            None => Ok(loaded),
        }
    }
}

/// Whether a file is as it was read. A broken one is read each time: what mends it may be another file.
fn is_same(file: &Remembered) -> bool {
    let same = |(path, stamp): &(PathBuf, Option<Stamp>)| *stamp == Stamp::of(path);
    file.stamps.as_ref().is_some_and(|stamps| stamps.iter().all(same))
}

/// What is wrong with a file: the first thing with its place, and how many more there are.
fn in_one_line(found: &[Diagnostic]) -> String {
    let first = found.first().map(|first| format!("{}: {}", first.place(), first.message)).unwrap_or_default();
    if found.len() > 1 { format!("{first} (and {} more)", found.len() - 1) } else { first }
}

/// The name after `job:` at the beginning of a line of a file.
fn named_in(path: &Path) -> Option<String> {
    name_of(&std::fs::read_to_string(path).ok()?)
}

fn name_of(text: &str) -> Option<String> {
    let name = text.lines().find_map(|line| line.strip_prefix("job:"))?;
    let name = name.split(" #").next().unwrap_or(name).trim().trim_matches(['"', '\'']);
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder {
        folder: tempfile::TempDir,
        files: JobFiles,
    }

    impl Folder {
        fn new() -> Self {
            Self { folder: tempfile::tempdir().unwrap(), files: JobFiles::default() }
        }

        fn write(&self, name: &str, text: &str) {
            std::fs::write(self.folder.path().join(name), text).unwrap();
        }

        fn job(&self, file: &str, job: &str) {
            let step = "steps: [{id: a, command: {program: \"true\"}}]";
            self.write(file, &format!("job: {job}\n{step}\n"));
        }

        fn look(&mut self) -> Look {
            let known = Known::only_time("2026-11-21T00:00:00Z".parse().unwrap());
            self.files.look(self.folder.path(), &known)
        }
    }

    fn names(look: &Look) -> Vec<&str> {
        look.changed.iter().map(|definition| definition.job.name.as_str()).collect()
    }

    #[test]
    fn only_what_changed_is_read_and_drafts_of_editors_are_not() {
        let mut folder = Folder::new();
        folder.job("a.yaml", "a");
        folder.job("b.yml", "b");
        for draft in [".#a.yaml", "a.yaml~", ".a.yaml.swp", "4913", "#a.yaml#", "windlass.yaml"] {
            folder.write(draft, "job: draft\n");
        }
        assert_eq!(names(&folder.look()), ["a", "b"]);
        let look = folder.look();
        assert!(look.changed.is_empty() && !look.news && !look.again);
        folder.job("draft", "a2");
        std::fs::rename(folder.folder.path().join("draft"), folder.folder.path().join("a.yaml")).unwrap();
        let look = folder.look();
        assert_eq!((names(&look), look.jobs.len()), (vec!["a2"], 2), "replaced by a rename");
    }

    #[test]
    fn a_file_that_is_named_in_a_job_counts_as_part_of_it() {
        let mut folder = Folder::new();
        folder.write("q.sql", "select 1");
        folder.write("a.yaml", "job: a\nsteps: [{id: a, sql: {connection: pg, file: q.sql}}]\n");
        assert_eq!(names(&folder.look()), ["a"]);
        folder.write("q.sql", "select 2 ");
        assert_eq!(names(&folder.look()), ["a"]);
        std::fs::remove_file(folder.folder.path().join("q.sql")).unwrap();
        assert_eq!(folder.look().broken, 1);
        folder.write("q.sql", "select 3");
        let look = folder.look();
        assert_eq!((names(&look), look.broken), (vec!["a"], 0));
    }

    #[test]
    fn a_broken_file_keeps_its_job_and_says_what_is_wrong_once() {
        let mut folder = Folder::new();
        folder.job("a.yaml", "a");
        folder.look();
        folder.write("a.yaml", "job: a\nsteps: [");
        let look = folder.look();
        assert!(look.news && look.jobs.contains("a") && look.problems["a"].contains("a.yaml:2"), "{:?}", look.problems);
        let look = folder.look();
        assert!(!look.news && look.broken == 1 && !look.unknown);
        folder.job("a.yaml", "a");
        let look = folder.look();
        assert!(look.problems.is_empty() && names(&look) == ["a"]);
    }

    #[test]
    fn of_a_broken_file_that_was_never_right_the_text_may_say_which_job_it_holds() {
        let mut folder = Folder::new();
        folder.write("a.yaml", "# x\njob: \"nightly\" # the one\nsteps: [");
        let look = folder.look();
        assert!(look.guessed == ["nightly"] && look.problems.contains_key("nightly"));
        folder.write("b.yaml", "steps: []\n  job: inner\n");
        assert!(folder.look().unknown);
    }

    #[test]
    fn a_file_is_gone_when_it_is_gone_twice() {
        let mut folder = Folder::new();
        folder.job("a.yaml", "a");
        folder.look();
        std::fs::rename(folder.folder.path().join("a.yaml"), folder.folder.path().join("a.yaml~")).unwrap();
        let look = folder.look();
        assert!(look.jobs.contains("a") && look.again && !look.news);
        folder.job("a.yaml", "a");
        assert!(folder.look().jobs.contains("a"));
        std::fs::remove_file(folder.folder.path().join("a.yaml")).unwrap();
        folder.look();
        let look = folder.look();
        assert!(look.jobs.is_empty() && look.news && !look.again);
    }

    #[test]
    fn of_two_files_with_one_job_the_second_is_refused_until_the_first_is_gone() {
        let mut folder = Folder::new();
        folder.job("a.yaml", "same");
        folder.job("b.yaml", "same");
        let look = folder.look();
        assert_eq!((names(&look), look.broken), (vec!["same"], 1));
        std::fs::remove_file(folder.folder.path().join("a.yaml")).unwrap();
        let look = folder.look();
        assert_eq!((names(&look), look.broken, look.again), (vec!["same"], 0, true));
        assert!(folder.look().jobs.contains("same"));
    }
}
