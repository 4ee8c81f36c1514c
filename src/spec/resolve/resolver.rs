//! What all parts of a job file need while they are resolved.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::domain::ids::TableName;
use crate::domain::template::{SqlText, Text};
use crate::spec::known::{ConnectionKind, Known};
use crate::spec::problems::{At, Problems};
use crate::spec::raw::{Length, Pairs, Scalar};
use crate::spec::{duration, suggest};

use super::names::Names;

/// The state of resolving one file.
pub(super) struct Resolver<'r, 's> {
    /// What is wrong so far.
    pub(super) problems: &'r mut Problems<'s>,
    /// What is known around the file.
    pub(super) known: &'r Known,
    /// The file's folder, where relative paths start.
    pub(super) base: &'r Path,
    /// The job's name, empty if it has none that is legal.
    pub(super) job: String,
    /// Names of the job's parameters.
    pub(super) params: Vec<String>,
    /// Ids of all steps, in order.
    pub(super) steps: Vec<String>,
    /// How many steps come before the one that is being resolved.
    pub(super) before: usize,
    /// Files that the job file names and that are read into the job.
    pub(super) reads: Vec<PathBuf>,
}

impl Resolver<'_, '_> {
    /// Something is wrong with a value.
    pub(super) fn wrong(&mut self, at: At<'_>, message: impl Into<String>, hint: &str) {
        self.wrong_span(at.span(), message, hint);
    }

    /// Something is wrong at these bytes.
    pub(super) fn wrong_span(&mut self, span: Range<usize>, message: impl Into<String>, hint: &str) {
        self.problems.at(span, message, (!hint.is_empty()).then(|| hint.to_owned()));
    }

    /// A key has no effect yet.
    pub(super) fn no_effect(&mut self, parent: At<'_>, key: &str) {
        let hint = "delete it: this version would not do what it says";
        self.wrong_span(parent.key(key).key_span(), format!("`{key}` has no effect yet"), hint);
    }

    /// A duration, or the default.
    pub(super) fn duration(&mut self, given: Option<&Length>, parent: At<'_>, key: &str) -> Option<Duration> {
        match duration::parse(&given?.0) {
            Ok(duration) => Some(duration),
            Err(complaint) => {
                self.wrong(parent.key(key), complaint, duration::HINT);
                None
            }
        }
    }

    /// A duration longer than nothing.
    pub(super) fn positive(&mut self, given: Option<&Length>, parent: At<'_>, key: &str) -> Option<Duration> {
        let duration = self.duration(given, parent, key)?;
        if duration.is_zero() {
            self.wrong(parent.key(key), format!("`{key}` must be longer than nothing"), "");
            return None;
        }
        Some(duration)
    }

    /// A connection's name. Where the settings are known it must be there and of a kind that the step can use.
    pub(super) fn connection(
        &mut self,
        given: Option<&String>,
        parent: At<'_>,
        wanted: Option<ConnectionKind>,
    ) -> Option<String> {
        let name = given?;
        let at = parent.key("connection");
        if let Some(connections) = &self.known.connections {
            match connections.get(name) {
                None => {
                    let hint = suggest::hint(name, connections.keys().map(String::as_str))
                        .unwrap_or_else(|| "windlass.yaml has no connections".to_owned());
                    self.wrong(at, format!("there is no connection `{name}`"), &hint);
                }
                Some(kind) => {
                    if let Some(wanted) = wanted.filter(|wanted| wanted != kind) {
                        let (is, needs) = (kind.label(), wanted.label());
                        self.wrong(at, format!("connection `{name}` is {is}; {needs} is needed here"), "");
                    }
                }
            }
        }
        Some(name.clone())
    }

    /// What a connection leads to, where that is known.
    pub(super) fn kind_of(&self, connection: &str) -> Option<ConnectionKind> {
        self.known.connections.as_ref()?.get(connection).copied()
    }

    /// Plain text that may hold a template.
    pub(super) fn text(&mut self, text: &str, at: At<'_>, names: &Names) -> Text {
        self.template(text, at, names);
        Text(text.to_owned())
    }

    /// SQL that may hold a template.
    pub(super) fn sql(&mut self, text: &str, at: At<'_>) -> SqlText {
        if text.trim().is_empty() {
            self.wrong(at, "the statement is empty", "");
        }
        self.template(text, at, &Names::STEP);
        SqlText(text.to_owned())
    }

    /// A table's name; one without a template must be legal.
    pub(super) fn table(&mut self, given: Option<&String>, parent: At<'_>) -> Option<Text> {
        let text = given?;
        let at = parent.key("table");
        let literal = !text.contains("{{") && !text.contains("{%");
        if let Some(error) = TableName::parse(text).err().filter(|_| literal) {
            self.wrong(at, error.to_string(), "write `name` or `schema.name`");
        }
        Some(self.text(text, at, &Names::STEP))
    }

    /// Keys with values that may hold templates.
    pub(super) fn pairs(
        &mut self,
        given: Option<&Pairs<Scalar>>,
        parent: At<'_>,
        key: &str,
        names: &Names,
    ) -> Vec<(String, Text)> {
        let at = parent.key(key);
        let pairs = given.map_or(&[][..], |pairs| &pairs.0);
        pairs
            .iter()
            .enumerate()
            .map(|(i, (name, value))| (name.clone(), self.text(&value.0, at.nth(i), names)))
            .collect()
    }

    /// A list of columns: no empty name, none twice.
    pub(super) fn columns(&mut self, given: Option<&Vec<String>>, parent: At<'_>, key: &str) -> Vec<String> {
        let columns = given.cloned().unwrap_or_default();
        for (index, column) in columns.iter().enumerate() {
            let at = parent.key(key).item(index);
            if column.is_empty() {
                self.wrong(at, "a column's name must not be empty", "");
            } else if columns[..index].contains(column) {
                self.wrong(at, format!("column `{column}` is listed twice"), "");
            }
        }
        columns
    }

    /// Exactly one of several keys must be given; which.
    pub(super) fn one_of<'k>(&mut self, parent: At<'_>, given: &[(&'k str, bool)]) -> Option<&'k str> {
        let mut there: Vec<&str> = given.iter().filter(|(_, there)| *there).map(|(key, _)| *key).collect();
        there.sort_by_key(|key| parent.key(key).key_span().start);
        let all = given.iter().map(|(key, _)| format!("`{key}`")).collect::<Vec<_>>().join(" or ");
        match there.as_slice() {
            [only] => Some(only),
            // What stands there may have been refused for its shape; then that is the problem.
            [] if self.problems.is_pruned(parent) => None,
            [] => {
                self.wrong_span(parent.key_span(), format!("{all} is missing"), "");
                None
            }
            [first, second, ..] => {
                let message = format!("`{first}` and `{second}` can't stand together");
                self.wrong_span(parent.key(second).key_span(), message, &format!("keep one of {all}"));
                None
            }
        }
    }
}

/// Whether a name is made of letters (of any script), digits and `others`, and is at most 63 bytes long.
pub(super) fn is_name(name: &str, others: &[char]) -> bool {
    let legal = |character: char| character.is_alphanumeric() || others.contains(&character);
    !name.is_empty() && name.len() <= 63 && name.chars().all(legal) && !name.starts_with(['.', '-'])
}
