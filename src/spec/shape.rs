//! Checks the shape of a file against the schema of its authored form: unknown keys, missing keys, wrong types, words
//! that aren't among the possible ones.
//!
//! All problems are found, and what is wrong is taken out of the tree (a key with a slip of the hand is put right), so
//! that the rest can become the authored form and be checked further without an error following from an error.
//! It knows the part of JSON Schema that `schema_of` yields, not all of it.

use std::ops::Range;

use serde_json::Value as Json;

use super::node::{Entry, Node, Value};
use super::problems::Problems;
use super::suggest;

/// A schema, and how strictly values are held to it.
pub(crate) struct Shape {
    schema: Json,
    /// Whether text may stand for a number or a truth value: it may come from an environment variable.
    lenient: bool,
}

impl Shape {
    /// Values must be of the schema's types.
    pub(crate) const fn strict(schema: Json) -> Self {
        Self { schema, lenient: false }
    }

    /// Text that reads as a number or a truth value may stand for one.
    pub(crate) const fn lenient(schema: Json) -> Self {
        Self { schema, lenient: true }
    }

    /// What of `root` is of the right shape. `None` if even the outermost isn't.
    pub(crate) fn check(&self, root: Node, problems: &mut Problems<'_>) -> Option<Node> {
        let place = Place { name: "the file".to_owned(), span: 0..0 };
        self.node(&self.schema, root, &place, problems)
    }

    /// A schema without its reference, and the name of the definition that it referred to.
    fn definition<'s>(&'s self, schema: &'s Json) -> (&'s Json, Option<&'s str>) {
        match schema["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/")) {
            Some(name) => (&self.schema["$defs"][name], Some(name)),
            None => (schema, None),
        }
    }

    fn node(&self, schema: &Json, node: Node, place: &Place, problems: &mut Problems<'_>) -> Option<Node> {
        let (schema, name) = self.definition(schema);
        if matches!(node.value, Value::Null) {
            let hint = "write a value, or delete the key".to_owned();
            problems.at(place.span(&node), format!("{} has no value", place.name), Some(hint));
            return None;
        }
        if schema.as_object().is_none_or(|keys| !keys.keys().any(|key| SHAPES.contains(&key.as_str()))) {
            return Some(node);
        }
        if let Some(words) = words(schema) {
            return word(&words, node, place, problems);
        }
        if let Some(alternatives) = schema["anyOf"].as_array() {
            let fits = |each: &&Json| accepts(self.definition(each).0, &node.value);
            return match alternatives.iter().find(fits) {
                Some(alternative) => self.node(alternative, node, place, problems),
                None => wrong_type(schema, &node, place, problems),
            };
        }
        let node = self.converted(schema, node, problems);
        if !accepts(schema, &node.value) {
            return wrong_type(schema, &node, place, problems);
        }
        let Node { value, span } = node;
        let value = match value {
            Value::Map(entries) => Value::Map(self.entries(schema, name, entries, place, &span, problems)),
            Value::List(items) => {
                let item = Place { name: format!("an item of {}", place.name), span: 0..0 };
                let checked = items.into_iter().filter_map(|each| self.node(&schema["items"], each, &item, problems));
                Value::List(checked.collect())
            }
            Value::Number(number) => {
                if let Some(complaint) = out_of_bounds(schema, &number) {
                    problems.at(span, format!("{} {complaint}", place.name), None);
                    return None;
                }
                Value::Number(number)
            }
            other => other,
        };
        Some(Node { value, span })
    }

    /// The value as the type that is wanted, where that is only a matter of spelling.
    fn converted(&self, schema: &Json, node: Node, problems: &Problems<'_>) -> Node {
        let Node { value, span } = node;
        let value = match value {
            Value::Number(_) | Value::Bool(_) if schema["type"].is_array() => {
                Value::Text(problems.source().text.get(span.clone()).unwrap_or_default().to_owned())
            }
            Value::Text(text) if self.lenient => match schema["type"].as_str() {
                Some("integer") => text.parse::<u64>().map_or(Value::Text(text), |number| Value::Number(number.into())),
                Some("boolean") => text.parse::<bool>().map_or(Value::Text(text), Value::Bool),
                _ => Value::Text(text),
            },
            other => other,
        };
        Node { value, span }
    }

    fn entries(
        &self,
        schema: &Json,
        name: Option<&str>,
        entries: Vec<Entry>,
        place: &Place,
        span: &Range<usize>,
        problems: &mut Problems<'_>,
    ) -> Vec<Entry> {
        let start = entries.first().map_or_else(|| span.clone(), |first| first.key_span.clone());
        let here = if place.span.is_empty() { start } else { place.span.clone() };
        let given: Vec<String> = entries.iter().map(|entry| entry.key.clone()).collect();
        let known: Vec<&str> =
            schema["properties"].as_object().map_or_else(Vec::new, |keys| keys.keys().map(String::as_str).collect());
        let mut checked: Vec<Entry> = Vec::new();
        let count = entries.len();
        let whole = !problems.has_pruned(span);
        for mut entry in entries {
            if let Some(others) = schema["additionalProperties"].as_object() {
                let below = Place { name: format!("`{}`", entry.key), span: entry.key_span.clone() };
                let node = self.node(&Json::Object(others.clone()), entry.node, &below, problems);
                checked.extend(node.map(|node| Entry { key: entry.key, key_span: entry.key_span, node }));
                continue;
            }
            if !known.contains(&entry.key.as_str()) {
                let what = match (name, &entry.node.value) {
                    (Some("Step"), Value::Map(_)) => "step kind",
                    _ => "key",
                };
                let possible = known.iter().copied().filter(|key| what == "key" || !STEP_KEYS.contains(key));
                let hint = suggest::hint(&entry.key, possible);
                problems.at(entry.key_span.clone(), format!("unknown {what} `{}`", entry.key), hint);
                match suggest::nearest(&entry.key, &known) {
                    Some(meant) if !given.iter().any(|key| key == meant) => meant.clone_into(&mut entry.key),
                    _ => continue,
                }
            }
            let below = Place { name: format!("`{}`", entry.key), span: entry.key_span.clone() };
            let node = self.node(&schema["properties"][&entry.key], entry.node, &below, problems);
            checked.extend(node.map(|node| Entry { key: entry.key, key_span: entry.key_span, node }));
        }
        if checked.len() < count {
            problems.prune(span);
        }
        let required = schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str);
        for key in required {
            // A key that is there but wrong has its problem already; one that was put right is in `checked`.
            if whole && !given.iter().any(|each| each == key) && !checked.iter().any(|entry| entry.key == key) {
                let of = if place.span.is_empty() { String::new() } else { format!(" in {}", place.name) };
                let hint = schema["properties"][key]["description"].as_str().map(ToOwned::to_owned);
                problems.at(here.clone(), format!("`{key}` is missing{of}"), hint);
            }
        }
        checked
    }
}

/// Keys of a step that are not its kind.
const STEP_KEYS: &[&str] = &["id", "timeout", "retry", "locks"];

/// Where a value stands, for messages.
struct Place {
    /// What it is called.
    name: String,
    /// Its key; empty if it has none.
    span: Range<usize>,
}

impl Place {
    /// What a caret should stand under.
    fn span(&self, node: &Node) -> Range<usize> {
        match node.value {
            Value::Null | Value::List(_) | Value::Map(_) if !self.span.is_empty() => self.span.clone(),
            _ => node.span.clone(),
        }
    }
}

/// Keywords that say something about a value's shape. A schema without any of them accepts everything.
const SHAPES: &[&str] = &["type", "enum", "const", "anyOf", "oneOf", "properties", "items", "$ref"];

/// The words that a schema allows, if it is one of words.
fn words(schema: &Json) -> Option<Vec<&str>> {
    if let Some(alternatives) = schema["oneOf"].as_array() {
        let nested: Option<Vec<Vec<&str>>> = alternatives.iter().map(words).collect();
        return nested.map(|words| words.into_iter().flatten().collect());
    }
    match (&schema["const"], &schema["enum"]) {
        (Json::String(word), _) => Some(vec![word.as_str()]),
        (_, Json::Array(words)) => words.iter().map(Json::as_str).collect(),
        _ => None,
    }
}

fn word(words: &[&str], node: Node, place: &Place, problems: &mut Problems<'_>) -> Option<Node> {
    match &node.value {
        Value::Text(text) if words.contains(&text.as_str()) => Some(node),
        Value::Text(text) => {
            let hint = suggest::hint(text, words.iter().copied());
            problems.at(place.span(&node), format!("{} can't be `{text}`", place.name), hint);
            None
        }
        other => {
            let message = format!("{} must be one of {}, not {}", place.name, words.join(", "), other.kind());
            problems.at(place.span(&node), message, None);
            None
        }
    }
}

/// The names of the types that a schema allows.
fn types(schema: &Json) -> Vec<&str> {
    match &schema["type"] {
        Json::String(only) => vec![only.as_str()],
        Json::Array(several) => several.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Whether a value is of a type that a schema allows, looking no deeper.
fn accepts(schema: &Json, value: &Value) -> bool {
    let types = types(schema);
    types.is_empty()
        || types.iter().any(|each| match (*each, value) {
            ("object", Value::Map(_))
            | ("array", Value::List(_))
            | ("string", Value::Text(_))
            | ("boolean", Value::Bool(_))
            | ("number", Value::Number(_)) => true,
            ("integer", Value::Number(number)) => number.is_i64() || number.is_u64(),
            _ => false,
        })
}

fn wrong_type(schema: &Json, node: &Node, place: &Place, problems: &mut Problems<'_>) -> Option<Node> {
    let alternatives = schema["anyOf"].as_array().map_or_else(|| vec![schema], |each| each.iter().collect());
    let wanted: Vec<&str> = alternatives
        .into_iter()
        .map(|each| match types(each).first() {
            _ if each["pattern"].is_string() => "a duration such as `2s`",
            Some(&"string") => "text",
            Some(&"array") => "a list",
            Some(&"integer") => "a whole number",
            Some(&"number") => "a number",
            Some(&"boolean") => "true or false",
            _ => "keys with values",
        })
        .collect();
    let wanted = wanted.join(" or ");
    let quotable = wanted == "text" && matches!(node.value, Value::Number(_) | Value::Bool(_));
    let hint = quotable.then(|| "put it in quotes".to_owned());
    problems.at(place.span(node), format!("{} must be {wanted}, not {}", place.name, node.value.kind()), hint);
    None
}

/// What is wrong with a number, if it is not within the schema's bounds.
fn out_of_bounds(schema: &Json, number: &serde_json::Number) -> Option<String> {
    let value = number.as_f64()?;
    // A type's own upper bound is in the schema as its format.
    let widest = if schema["format"] == "uint32" { Some(f64::from(u32::MAX)) } else { None };
    match (schema["minimum"].as_f64(), schema["maximum"].as_f64().or(widest)) {
        (Some(minimum), _) if value < minimum => Some(format!("must be at least {minimum}")),
        (_, Some(maximum)) if value > maximum => Some(format!("must be at most {maximum}")),
        _ => None,
    }
}
