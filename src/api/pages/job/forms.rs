//! What forms of a job share: fields for its parameters, and reading them.

use std::collections::BTreeMap;

use maud::{Markup, html};

use crate::domain::job::{Job, Param};

/// What the name of a parameter's field begins with, so that a parameter can be named like another field.
const FIELD: &str = "param.";

/// Fields for a job's parameters.
pub(super) fn params(job: &Job, within: &str) -> Markup {
    html! { @for param in &job.params { (field(param, within)) } }
}

fn field(param: &Param, within: &str) -> Markup {
    let id = format!("{within}-{}", param.name);
    let default = param.default.as_deref().unwrap_or_default();
    html! {
        div.field {
            label for=(id) { (param.name) @if param.default.is_none() { span.quiet { " (needed)" } } }
            @match kind(default) {
                Kind::Truth => select id=(id) name={ (FIELD) (param.name) } {
                    @for word in ["true", "false"] { option selected[word == default] { (word) } }
                },
                Kind::Number => input id=(id) name={ (FIELD) (param.name) } type="text" inputmode="decimal" value=(default) required[param.default.is_none()];
                Kind::Text => input id=(id) name={ (FIELD) (param.name) } type="text" value=(default) required[param.default.is_none()] autocomplete="off";
            }
            @if let Some(description) = &param.description { span.under { (description) } }
        }
    }
}

/// What a field takes, as its default says: parameters are text, whatever they look like.
enum Kind {
    Truth,
    Number,
    Text,
}

fn kind(default: &str) -> Kind {
    match default {
        "true" | "false" => Kind::Truth,
        number if number.parse::<f64>().is_ok_and(f64::is_finite) => Kind::Number,
        _ => Kind::Text,
    }
}

/// The parameters among the fields of a form.
pub(super) fn given(form: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let given = form.iter().filter_map(|(name, value)| Some((name.strip_prefix(FIELD)?.to_owned(), value.clone())));
    given.collect()
}
