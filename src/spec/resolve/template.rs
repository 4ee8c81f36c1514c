//! Checks templates without rendering them: their syntax, and every name that they use.

use std::ops::Range;

use crate::domain::outcome::{Outcome, Workers};
use crate::domain::template::{TemplateProblem, names_used, names_used_by_expression};
use crate::spec::diagnostic::Diagnostic;
use crate::spec::problems::At;
use crate::spec::source::Source;
use crate::spec::suggest;

use super::names::{FUNCTIONS, Names};
use super::resolver::Resolver;

impl Resolver<'_, '_> {
    /// Checks a template that is a value of the file.
    pub(super) fn template(&mut self, text: &str, at: At<'_>, names: &Names) {
        if text.contains('{') {
            let source = self.problems.source();
            self.used(names_used(text), source, &at.value_span(), names);
        }
    }

    /// Checks an expression that is a value of the file.
    pub(super) fn expression(&mut self, text: &str, at: At<'_>, names: &Names) {
        let source = self.problems.source();
        self.used(names_used_by_expression(text), source, &at.value_span(), names);
    }

    /// Checks a template that is a file of its own.
    pub(super) fn template_file(&mut self, source: &Source) {
        if source.text.contains('{') {
            self.used(names_used(&source.text), source, &(0..source.text.len()), &Names::STEP);
        }
    }

    fn used(
        &mut self,
        used: Result<Vec<String>, TemplateProblem>,
        source: &Source,
        span: &Range<usize>,
        names: &Names,
    ) {
        match used {
            Ok(used) => {
                for name in used {
                    if let Some((message, hint)) = self.complaint(&name, *names) {
                        let found = find_name(&source.text[span.clone()], &name);
                        let place =
                            found.map_or_else(|| span.clone(), |at| span.start + at..span.start + at + name.len());
                        self.complain(source, place, message, hint);
                    }
                }
            }
            Err(problem) => {
                let text = &source.text[span.clone()];
                let skipped: usize =
                    text.split_inclusive('\n').take(problem.line.saturating_sub(1)).map(str::len).sum();
                let line = &text[skipped..];
                let indent = line.len() - line.trim_start().len();
                self.complain(
                    source,
                    span.start + skipped + indent..span.end,
                    format!("template: {}", problem.message),
                    None,
                );
            }
        }
    }

    fn complain(&mut self, source: &Source, span: Range<usize>, message: String, hint: Option<String>) {
        let diagnostic = Diagnostic::at(source, span, message);
        self.problems.push(match hint {
            Some(hint) => diagnostic.with_hint(hint),
            None => diagnostic,
        });
    }

    /// What is wrong with a dotted name, and what to do about it.
    fn complaint(&self, name: &str, names: Names) -> Option<(String, Option<String>)> {
        let mut parts = name.split('.');
        let (root, second, third, fourth) = (parts.next()?, parts.next(), parts.next(), parts.next());
        let unknown = |what: &str, word: &str, known: Vec<&str>| {
            (!known.contains(&word)).then(|| (format!("{what} `{word}`"), suggest::hint(word, known)))
        };
        match (root, second) {
            ("request", Some(key)) if !names.request.is_empty() => {
                unknown("`request` has no", key, names.request.to_vec())
            }
            (root, _) if FUNCTIONS.contains(&root) || names.local.contains(&root) => None,
            (root, _) if !names.roots().contains(&root) => {
                let hint = if ["steps", "env", "lock"].contains(&root) {
                    Some(
                        "a lock's name can use `params` and `run` only, because it is taken before anything runs"
                            .to_owned(),
                    )
                } else {
                    suggest::hint(root, names.roots())
                };
                Some((format!("unknown name `{root}` in a template"), hint))
            }
            ("params", Some(param)) => {
                let known = self.params.iter().map(String::as_str).collect();
                let hint_none = || Some("the job has no parameters; declare it under `params:`".to_owned());
                unknown("there is no parameter", param, known).map(|(message, hint)| (message, hint.or_else(hint_none)))
            }
            ("run", Some(key)) => unknown("`run` has no", key, names.run().to_vec()),
            ("lock", Some(key)) => unknown("`lock` has no", key, vec!["token"]),
            ("env", Some(variable)) => {
                let allowed = self.known.env.as_ref()?;
                let message = format!("environment variable `{variable}` is not allowed in templates");
                let hint = format!("add it to `env:` in windlass.yaml: `env: [{variable}]`");
                (!allowed.contains(variable)).then_some((message, Some(hint)))
            }
            ("steps", Some(step)) => self.step_complaint(step, third, fourth),
            _ => None,
        }
    }

    fn step_complaint(&self, step: &str, key: Option<&str>, below: Option<&str>) -> Option<(String, Option<String>)> {
        match self.steps.iter().position(|id| id == step) {
            Some(index) if index == self.before => Some((format!("step `{step}` can't use its own outcome"), None)),
            Some(index) if index > self.before => {
                let hint = "steps run in the order written; move this step after the other".to_owned();
                Some((format!("step `{step}` comes later, so it has no outcome yet"), Some(hint)))
            }
            Some(_) => {
                let (word, known, of) = match (key, below) {
                    (Some("workers"), Some(word)) => (word, Workers::KEYS, "`workers`"),
                    (Some(key), _) => (key, Outcome::KEYS, "an outcome"),
                    (None, _) => return None,
                };
                (!known.contains(&word))
                    .then(|| (format!("{of} has no `{word}`"), suggest::hint(word, known.iter().copied())))
            }
            None => {
                let earlier = self.steps[..self.before.min(self.steps.len())].iter().map(String::as_str);
                Some((format!("there is no step `{step}`"), suggest::hint(step, earlier)))
            }
        }
    }
}

/// Where a dotted name stands in a template, as a whole word.
fn find_name(text: &str, name: &str) -> Option<usize> {
    let part = |character: char| character.is_alphanumeric() || character == '_';
    text.match_indices(name)
        .find(|(at, _)| {
            !text[..*at].ends_with(|before: char| part(before) || before == '.')
                && !text[at + name.len()..].starts_with(part)
        })
        .map(|(at, _)| at)
}
