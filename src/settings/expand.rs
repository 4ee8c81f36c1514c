//! `${NAME}` and `${NAME:-default}` in the values of the settings file.

use std::collections::BTreeMap;

use crate::spec::authored::{Node, Problems, Value};

/// Puts environment variables in place. One that isn't set and has no default is a problem at its place; what can't be
/// expanded is taken out of the tree, and the answer is false if that is the node itself.
pub(super) fn expand(node: &mut Node, variables: &BTreeMap<String, String>, problems: &mut Problems<'_>) -> bool {
    match &mut node.value {
        Value::Text(text) if text.contains("${") => match substitute(text, variables) {
            Ok(expanded) => *text = expanded,
            Err(Unexpanded { token, message, hint }) => {
                let written = problems.source().text.get(node.span.clone()).unwrap_or_default();
                let start = node.span.start + written.find(&token).unwrap_or(0);
                problems.at(start..start + token.len(), message, Some(hint));
                return false;
            }
        },
        Value::List(items) => items.retain_mut(|item| expand(item, variables, problems)),
        Value::Map(entries) => {
            let count = entries.len();
            entries.retain_mut(|entry| expand(&mut entry.node, variables, problems));
            if entries.len() < count {
                problems.prune(&node.span);
            }
        }
        _ => {}
    }
    true
}

/// Why a text can't be expanded.
#[derive(Debug, PartialEq, Eq)]
struct Unexpanded {
    token: String,
    message: String,
    hint: String,
}

fn substitute(text: &str, variables: &BTreeMap<String, String>) -> Result<String, Unexpanded> {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        // A doubled dollar sign stands for itself.
        if let Some(before) = rest[..at].strip_suffix('$') {
            expanded.push_str(before);
            expanded.push_str("${");
            rest = &rest[at + 2..];
            continue;
        }
        expanded.push_str(&rest[..at]);
        let wrong = |token: &str, message: String, hint: &str| Unexpanded {
            token: token.to_owned(),
            message,
            hint: hint.to_owned(),
        };
        let Some(end) = rest[at..].find('}') else {
            let hint = "close it with `}`, or write `$${` for the two characters";
            return Err(wrong("${", "`${` without `}`".to_owned(), hint));
        };
        let token = &rest[at..=at + end];
        let inner = &token[2..token.len() - 1];
        let (name, default) = inner.split_once(":-").map_or((inner, None), |(name, default)| (name, Some(default)));
        let legal = name.chars().all(|each| each.is_ascii_alphanumeric() || each == '_')
            && !name.starts_with(|first: char| first.is_ascii_digit());
        if name.is_empty() || !legal {
            let message = format!("`{name}` is no name for an environment variable");
            return Err(wrong(token, message, "write `${NAME}` or `${NAME:-default}`"));
        }
        let value = variables.get(name).map(String::as_str);
        match (value.filter(|value| !value.is_empty()), default, value) {
            (Some(value), _, _) | (None, Some(value), _) | (None, None, Some(value)) => expanded.push_str(value),
            (None, None, None) => {
                let hint = format!("set it, or give a default: `${{{name}:-…}}`");
                return Err(wrong(token, format!("environment variable `{name}` is not set"), &hint));
            }
        }
        rest = &rest[at + end + 1..];
    }
    expanded.push_str(rest);
    Ok(expanded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn variables() -> BTreeMap<String, String> {
        BTreeMap::from([("HOST".to_owned(), "db".to_owned()), ("EMPTY".to_owned(), String::new())])
    }

    #[test]
    fn variables_and_defaults_are_put_in_place() {
        let expand = |text: &str| substitute(text, &variables()).unwrap();
        assert_eq!(expand("postgres://${HOST}:${PORT:-5432}/x"), "postgres://db:5432/x");
        assert_eq!(expand("${EMPTY:-full}|${EMPTY}|${NO:-}"), "full||");
        assert_eq!(expand("$${HOST} $5 $"), "${HOST} $5 $");
    }

    #[test]
    fn what_cannot_be_expanded_is_named() {
        let message = |text: &str| substitute(text, &variables()).unwrap_err().message;
        assert_eq!(message("a ${NO} b"), "environment variable `NO` is not set");
        assert_eq!(message("${"), "`${` without `}`");
        assert_eq!(message("${1X}"), "`1X` is no name for an environment variable");
    }

    proptest! {
        #[test]
        fn a_text_without_a_dollar_sign_stays_as_it_is(text in "[^$]*") {
            prop_assert_eq!(substitute(&text, &variables()).unwrap(), text);
        }
    }
}
