//! A job's file as written, with line numbers, and what the schema says of each key beside it.

use std::sync::LazyLock;

use maud::{Markup, html};
use serde_json::Value;

/// The JSON Schema of job files, which editors have too.
static SCHEMA: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../../jobs/job.schema.json")).unwrap_or_default());

/// The file.
pub(super) fn definition(source: &str) -> Markup {
    let mut place = Place::default();
    html! {
        section aria-labelledby="definition-title" {
            h2 #definition-title { "Definition" }
            div.scroll.source tabindex="0" role="region" aria-label="The job's file" {
                table {
                    thead.hidden { tr { th { "Line" } th { "Text" } th { "Meaning of its key" } } }
                    tbody {
                        @for (number, line) in (1..).zip(source.lines()) {
                            @let about = place.about(line);
                            tr {
                                td.line { (number) }
                                td.code { code { (line) } }
                                td.about { @if let Some(about) = about { span title=(about) { (about) } } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Where in the file the line before was: keys with their indentation, and what the schema has for each.
#[derive(Default)]
struct Place {
    open: Vec<(usize, &'static Value)>,
    /// Indentation of a key whose text goes on over the next lines.
    text: Option<usize>,
}

impl Place {
    /// What the schema says of the key that this line begins with.
    fn about(&mut self, line: &str) -> Option<&'static str> {
        let trimmed = line.trim_start();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            return None;
        }
        let mut indent = line.len() - trimmed.len();
        if self.text.is_some_and(|text| indent > text) {
            return None;
        }
        self.text = None;
        let mut rest = trimmed;
        while let Some(item) = rest.strip_prefix("- ") {
            indent += rest.len() - item.trim_start().len();
            rest = item.trim_start();
        }
        rest = rest.trim_start_matches('{');
        let (key, value) = rest.split_once(':')?;
        if !key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_') {
            return None;
        }
        self.open.retain(|(at, _)| *at < indent);
        let parent = self.open.last().map_or(&*SCHEMA, |(_, schema)| *schema);
        if value.trim_start().starts_with(['|', '>']) {
            self.text = Some(indent);
        }
        let schema = property(parent, key)?;
        self.open.push((indent, schema));
        described(schema)
    }
}

/// What an object has for a key: a property of its own, of one of its alternatives, or of the items of a list.
fn property(schema: &'static Value, key: &str) -> Option<&'static Value> {
    let schema = followed(schema);
    if let Some(found) = schema.pointer(&format!("/properties/{key}")) {
        return Some(found);
    }
    let alternatives =
        ["anyOf", "oneOf", "allOf"].into_iter().filter_map(|kind| schema.get(kind)?.as_array()).flatten();
    let within = alternatives.chain(schema.get("items")).find_map(|schema| property(schema, key));
    within.or_else(|| schema.get("additionalProperties").filter(|free| free.is_object()))
}

/// The schema that a reference names.
fn followed(schema: &'static Value) -> &'static Value {
    let named = schema.get("$ref").and_then(Value::as_str).and_then(|name| name.strip_prefix('#'));
    named.and_then(|name| SCHEMA.pointer(name)).unwrap_or(schema)
}

fn described(schema: &'static Value) -> Option<&'static str> {
    let own = schema.get("description").or_else(|| followed(schema).get("description"));
    own.and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_the_words_of_the_schema_wherever_it_stands() {
        let source = "job: a\nschedule: {cron: x}\nsteps:\n  - id: one\n    timeout: 5m\n    sql:\n      connection: w\n      \
                      statement: |\n        select: 1\n  - {id: two}\nparams:\n  job: {default: a}\n# id: no\n";
        let mut place = Place::default();
        let about: Vec<Option<&str>> = source.lines().map(|line| place.about(line)).collect();
        assert_eq!(about[0], described(&SCHEMA["properties"]["job"]));
        assert!(about[..8].iter().all(Option::is_some), "{about:?}");
        assert_eq!(about[8], None, "text is not a key");
        assert_eq!(about[9], about[3], "an id is an id in every way to write it");
        assert_ne!(about[11], about[0], "a parameter named like a key");
        assert_eq!(about[12], None);
    }
}
