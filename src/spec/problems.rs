//! Collects what is wrong with a file, and says where.

use std::collections::BTreeSet;
use std::ops::Range;

use super::diagnostic::Diagnostic;
use super::node::{Entry, Node, Value};
use super::source::Source;

/// What is wrong with a file so far.
#[derive(Debug)]
pub(crate) struct Problems<'s> {
    source: &'s Source,
    found: Vec<Diagnostic>,
    /// Where maps begin that something was taken out of.
    pruned: BTreeSet<usize>,
}

impl<'s> Problems<'s> {
    /// Nothing wrong yet.
    pub(crate) const fn new(source: &'s Source) -> Self {
        Self { source, found: Vec::new(), pruned: BTreeSet::new() }
    }

    /// The file.
    pub(crate) const fn source(&self) -> &'s Source {
        self.source
    }

    /// Something is wrong at these bytes of the file.
    pub(crate) fn at(&mut self, span: Range<usize>, message: impl Into<String>, hint: Option<String>) {
        let diagnostic = Diagnostic::at(self.source, span, message);
        self.push(match hint {
            Some(hint) => diagnostic.with_hint(hint),
            None => diagnostic,
        });
    }

    /// Something is wrong.
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        self.found.push(diagnostic);
    }

    /// Something was taken out of the map that begins there, because it was of the wrong shape.
    pub(crate) fn prune(&mut self, map: &Range<usize>) {
        self.pruned.insert(map.start);
    }

    /// Whether something was taken out of the map that begins there.
    pub(crate) fn has_pruned(&self, map: &Range<usize>) -> bool {
        self.pruned.contains(&map.start)
    }

    /// Whether something was taken out of the map at a place. What seems to be missing there has its problem already.
    pub(crate) fn is_pruned(&self, at: At<'_>) -> bool {
        self.has_pruned(&at.node.span)
    }

    /// How many there are.
    pub(crate) const fn len(&self) -> usize {
        self.found.len()
    }

    /// All of it in the order of the file; each once.
    pub(crate) fn into_sorted(mut self) -> Vec<Diagnostic> {
        let own = self.source.path.clone();
        self.found.sort_by_key(|each| (each.file != own, each.file.clone(), each.start()));
        self.found.dedup();
        self.found
    }
}

/// A place in a file: a value, and the key it belongs to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At<'t> {
    node: &'t Node,
    entry: Option<&'t Entry>,
}

impl<'t> At<'t> {
    /// The whole file.
    pub(crate) const fn root(node: &'t Node) -> Self {
        Self { node, entry: None }
    }

    /// The value of a key; the place itself if the key isn't there.
    pub(crate) fn key(self, key: &str) -> Self {
        self.node.entry(key).map_or(self, |entry| Self { node: &entry.node, entry: Some(entry) })
    }

    /// An item of a list; the place itself if there is none.
    pub(crate) fn item(self, index: usize) -> Self {
        self.node.item(index).map_or(self, |node| Self { node, entry: None })
    }

    /// The value of the key at a place of a map, counted as written.
    pub(crate) fn nth(self, index: usize) -> Self {
        match &self.node.value {
            Value::Map(entries) => {
                entries.get(index).map_or(self, |entry| Self { node: &entry.node, entry: Some(entry) })
            }
            _ => self,
        }
    }

    /// What a caret should stand under: the value if it is a single one, else its key, else where it begins.
    pub(crate) fn span(self) -> Range<usize> {
        match (&self.node.value, self.entry) {
            (Value::List(_) | Value::Map(_), Some(entry)) => entry.key_span.clone(),
            (Value::Map(entries), None) => {
                entries.first().map_or_else(|| self.node.span.clone(), |first| first.key_span.clone())
            }
            (Value::List(items), None) => {
                items.first().map_or_else(|| self.node.span.clone(), |first| first.span.clone())
            }
            _ => self.node.span.clone(),
        }
    }

    /// The key, where there is one; else as `span`.
    pub(crate) fn key_span(self) -> Range<usize> {
        self.entry.map_or_else(|| self.span(), |entry| entry.key_span.clone())
    }

    /// The value's bytes.
    pub(crate) fn value_span(self) -> Range<usize> {
        self.node.span.clone()
    }
}
