//! What is wrong with a file: where, what, and what to do about it.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde::Serialize;

use super::source::Source;

/// One thing that is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// The file.
    pub file: PathBuf,
    /// The line, from one; `None` if it is about the whole file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The column in characters, from one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Where the caret goes, in bytes of the text.
    #[serde(skip)]
    span: Range<usize>,
    /// The file's text, for the picture.
    #[serde(skip)]
    text: Arc<str>,
}

impl Diagnostic {
    /// About a whole file.
    pub fn of_file(path: &Path, message: impl Into<String>) -> Self {
        Self {
            file: path.to_owned(),
            line: None,
            column: None,
            message: message.into(),
            hint: None,
            span: 0..0,
            text: Arc::from(""),
        }
    }

    /// About a place in a file. A span of several lines is cut to what it has of the first.
    pub(crate) fn at(source: &Source, span: Range<usize>, message: impl Into<String>) -> Self {
        let start = source.floor(span.start);
        let line_end = source.text[start..].find(['\n', '\r']).map_or(source.text.len(), |length| start + length);
        let end = source.floor(span.end).clamp(start, line_end);
        let (line, column) = source.position(start);
        Self {
            line: Some(line),
            column: Some(column),
            span: start..end,
            text: Arc::from(source.text.as_str()),
            ..Self::of_file(&source.path, message)
        }
    }

    /// The same with what to do about it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The place, as editors and terminals make it a link: `file:line:column`.
    pub fn place(&self) -> String {
        match (self.line, self.column) {
            (Some(line), Some(column)) => format!("{}:{line}:{column}", self.file.display()),
            _ => self.file.display().to_string(),
        }
    }

    /// The byte at which it starts, to sort by.
    pub(super) const fn start(&self) -> usize {
        self.span.start
    }

    fn group(&self) -> Group<'_> {
        let title = Level::ERROR.primary_title(self.message.as_str());
        let path = self.file.to_string_lossy();
        let group = if self.line.is_some() {
            let caret = AnnotationKind::Primary.span(self.span.clone());
            title.element(Snippet::source(self.text.as_ref()).path(path).annotation(caret))
        } else {
            title.element(Origin::path(path))
        };
        match &self.hint {
            Some(hint) => group.element(Level::HELP.message(hint.as_str())),
            None => group,
        }
    }
}

/// Diagnostics as text: each with its place, the offending line, a caret and its hint, a blank line between two.
pub fn print(diagnostics: &[Diagnostic], color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let pictures: Vec<String> = diagnostics.iter().map(|each| renderer.render(&[each.group()])).collect();
    pictures.join("\n\n")
}
