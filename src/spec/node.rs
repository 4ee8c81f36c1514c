//! A YAML file as a tree that knows where each value stands.
//!
//! The tree is what is checked and pointed at; the plain structs in `raw` are made from it. Reading is bounded: size,
//! depth, number of nodes and what aliases may repeat, so no file can exhaust the daemon.

use std::ops::Range;

use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_yaml::options::{DuplicateKeyPolicy, MergeKeyPolicy};
use serde_yaml::{Budget, Location, Options, RenderOptions, SnippetMode, Spanned, UserMessageFormatter};

use super::diagnostic::Diagnostic;
use super::source::Source;

/// Most nodes of one file, aliases counted as often as they are repeated: a hundred times what a long job file has.
const MAX_NODES: usize = 50_000;

/// Deepest nesting. A job file has about eight levels.
const MAX_DEPTH: usize = 48;

/// What is said of a file without a value.
const EMPTY: &str = "the file is empty";

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// The value.
    pub(crate) value: Value,
    /// Its bytes in the file. An alias's are those of the alias.
    pub(crate) span: Range<usize>,
}

/// A value.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// Nothing, `~` or `null`.
    Null,
    /// `true` or `false`, nothing else.
    Bool(bool),
    /// A number.
    Number(serde_json::Number),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// Keys and values, in the order written.
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The key.
    pub(crate) key: String,
    /// The key's bytes in the file.
    pub(crate) key_span: Range<usize>,
    /// The value.
    pub(crate) node: Node,
}

impl Node {
    /// Reads a file's text as one YAML document.
    pub(crate) fn parse(source: &Source) -> Result<Self, Diagnostic> {
        if source.text.trim().is_empty() {
            return Err(Diagnostic::of_file(&source.path, EMPTY));
        }
        let mut options = Options::default();
        let mut budget = Budget::default();
        budget.max_nodes = MAX_NODES;
        budget.max_depth = MAX_DEPTH;
        options.budget = Some(budget);
        options.alias_limits.max_total_replayed_events = MAX_NODES;
        options.duplicate_keys = DuplicateKeyPolicy::Error;
        options.merge_keys = MergeKeyPolicy::Merge;
        options.strict_booleans = true;
        options.with_snippet = false;
        let root = serde_yaml::from_str_with_options::<Spanned<Value>>(&source.text, options)
            .map_err(|error| unreadable(source, &error))?;
        match root.value {
            Value::Null => Err(Diagnostic::of_file(&source.path, EMPTY)),
            _ => Ok(root.into()),
        }
    }

    /// The entry of a key, if this is a map that has it.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|entry| entry.key == key),
            _ => None,
        }
    }

    /// An item, if this is a list that has it.
    pub(crate) fn item(&self, index: usize) -> Option<&Self> {
        match &self.value {
            Value::List(items) => items.get(index),
            _ => None,
        }
    }

    /// The same value as JSON, for serde.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => serde_json::Value::Bool(*value),
            Value::Number(number) => serde_json::Value::Number(number.clone()),
            Value::Text(text) => serde_json::Value::String(text.clone()),
            Value::List(items) => items.iter().map(Self::to_json).collect(),
            Value::Map(entries) => entries
                .iter()
                .map(|entry| (entry.key.clone(), entry.node.to_json()))
                .collect::<serde_json::Map<_, _>>()
                .into(),
        }
    }
}

impl Value {
    /// What it is, in words.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a truth value",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "keys with values",
        }
    }
}

impl From<Spanned<Value>> for Node {
    fn from(spanned: Spanned<Value>) -> Self {
        Self { span: bytes(spanned.referenced), value: spanned.value }
    }
}

/// A location's bytes in the text.
fn bytes(location: Location) -> Range<usize> {
    let span = location.span();
    let at = |offset: Option<u64>| usize::try_from(offset.unwrap_or(0)).unwrap_or(0);
    let start = at(span.byte_offset());
    start..start + at(span.byte_len())
}

/// How the YAML reader's words begin when a budget is spent.
const TOO_LARGE: &str = "YAML document too large";

/// An error of the YAML reader as a diagnostic.
fn unreadable(source: &Source, error: &serde_yaml::Error) -> Diagnostic {
    use serde_yaml::Error;
    let mut rendering = RenderOptions::default();
    rendering.formatter = &UserMessageFormatter;
    rendering.snippets = SnippetMode::Off;
    let error = error.without_snippet();
    let location = error.location();
    let (message, hint) = match error {
        Error::MultipleDocuments { .. } => (
            "the file holds more than one YAML document".to_owned(),
            Some("one file holds one document: remove what follows the `---`"),
        ),
        other => {
            let text = other.render_with_options(rendering);
            match other {
                // The reader wraps what happens within an alias and keeps only the words.
                Error::Budget { .. } | Error::AliasError { .. } if text.starts_with(TOO_LARGE) => (
                    "the file is too large once its aliases are put in place, or too deeply nested".to_owned(),
                    source.text.contains('&').then_some("an alias (`*name`) stands for a copy of its anchor (`&name`)"),
                ),
                Error::DuplicateMappingKey { key: Some(key), .. } => (format!("the key `{key}` is there twice"), None),
                _ => (without_place(&text).to_owned(), None),
            }
        }
    };
    let diagnostic = match location {
        Some(location) if location != Location::UNKNOWN => {
            let span = if location.span().byte_offset().is_some() {
                bytes(location)
            } else {
                let number = |value: u64| usize::try_from(value).unwrap_or(1);
                let line = source.line_start(number(location.line()));
                let column = source.text[line..].char_indices().nth(number(location.column()).saturating_sub(1));
                let start = line + column.map_or(0, |(at, _)| at);
                start..start
            };
            Diagnostic::at(source, span, message)
        }
        _ => Diagnostic::of_file(&source.path, message),
    };
    match hint {
        Some(hint) => diagnostic.with_hint(hint),
        None => diagnostic,
    }
}

/// The reader's words without the place at their end; the diagnostic has it already.
fn without_place(text: &str) -> &str {
    text.rfind(" at line ").map_or(text, |at| &text[..at])
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        serde_json::Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number must be finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element::<Spanned<Value>>()? {
            items.push(item.into());
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut entries: Vec<Entry> = Vec::new();
        while let Some(key) = access.next_key::<Spanned<Value>>()? {
            let key_span = bytes(key.referenced);
            let key = match key.value {
                Value::Text(key) => key,
                Value::Number(number) => number.to_string(),
                Value::Bool(value) => value.to_string(),
                other => return Err(A::Error::custom(format!("a key must be text, not {}", other.kind()))),
            };
            let node = access.next_value::<Spanned<Value>>()?.into();
            entries.push(Entry { key, key_span, node });
        }
        Ok(Value::Map(entries))
    }
}
