//! `notify`, of a job and of `windlass.yaml` alike.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::domain::alert::{AlertKind, Message, Notify, NotifyCommand, Webhook, json_text, plain_text, test_message};
use crate::domain::failure::Failure;
use crate::domain::template::{Text, names_used};
use crate::spec::problems::{At, Problems};
use crate::spec::raw::{Length, RawNotify, RawNotifyCommand};
use crate::spec::{duration, suggest};

/// How long a program may take, if the file says nothing else.
const COMMAND: Duration = Duration::from_secs(30);

/// The longest that it may take: after 5 minutes another daemon takes an alert for forgotten.
const LONGEST_COMMAND: Duration = Duration::from_mins(4);

/// Resolves `notify`. `env`: environment variables that templates may use, where that is known.
pub(crate) fn notify(
    raw: &RawNotify,
    at: At<'_>,
    problems: &mut Problems<'_>,
    env: Option<&BTreeSet<String>>,
) -> Notify {
    let mut resolver = Resolver { problems, env };
    let on = raw.on.clone().unwrap_or_else(|| Notify::ON.to_vec());
    if on.contains(&AlertKind::Recovered) && !on.contains(&AlertKind::Failed) {
        resolver.wrong(
            at.key("on"),
            "`recovered` needs `failed`",
            "it says that what was told as failed is well again",
        );
    }
    if raw.webhook.is_none() && raw.command.is_none() && !on.is_empty() && !resolver.problems.is_pruned(at) {
        let hint = "add `webhook` or `command`, or `on: []` if nobody is to be told";
        resolver.wrong_span(at.key_span(), "`notify` doesn't say who is told", hint);
    }
    for (key, given) in [("headers", raw.headers.is_some()), ("template", raw.template.is_some())] {
        if given && raw.webhook.is_none() && !resolver.problems.is_pruned(at) {
            resolver.wrong_span(
                at.key(key).key_span(),
                format!("`{key}` without `webhook`"),
                "it is part of a webhook",
            );
        }
    }
    let webhook = raw.webhook.as_ref().and_then(|url| resolver.webhook(url, raw, at));
    let command = raw.command.as_ref().and_then(|command| resolver.command(command, at.key("command")));
    let lock_wait = resolver.length(raw.lock_wait.as_ref(), at, "lock_wait").unwrap_or(Notify::LOCK_WAIT);
    let fold = resolver.length(raw.fold.as_ref(), at, "fold").unwrap_or(Notify::FOLD);
    Notify { on, webhook, command, lock_wait, fold }
}

struct Resolver<'r, 's> {
    problems: &'r mut Problems<'s>,
    env: Option<&'r BTreeSet<String>>,
}

impl Resolver<'_, '_> {
    fn wrong(&mut self, at: At<'_>, message: impl Into<String>, hint: &str) {
        self.wrong_span(at.span(), message, hint);
    }

    fn wrong_span(&mut self, span: std::ops::Range<usize>, message: impl Into<String>, hint: &str) {
        self.problems.at(span, message, (!hint.is_empty()).then(|| hint.to_owned()));
    }

    fn length(&mut self, given: Option<&Length>, parent: At<'_>, key: &str) -> Option<Duration> {
        match duration::parse(&given?.0) {
            Ok(length) => Some(length),
            Err(complaint) => {
                self.wrong(parent.key(key), complaint, duration::HINT);
                None
            }
        }
    }

    fn webhook(&mut self, url: &str, raw: &RawNotify, at: At<'_>) -> Option<Webhook> {
        let place = at.key("webhook");
        // The address itself is not shown: it may come from the environment, and whoever knows it may post.
        if url.contains("${") {
            let hint = "in a job file write `{{ env.NAME }}`, and `env: [NAME]` in windlass.yaml";
            self.wrong(place, "`${…}` is for windlass.yaml", hint);
            return None;
        }
        if !url.contains('{') && !url.starts_with("http://") && !url.starts_with("https://") {
            self.wrong(place, "`webhook` is no address", "write `https://…`, or `\"{{ env.NAME }}\"`");
        }
        self.template(url, place);
        let mut headers = Vec::new();
        for (index, (name, value)) in raw.headers.iter().flat_map(|headers| &headers.0).enumerate() {
            self.template(&value.0, at.key("headers").nth(index));
            headers.push((name.clone(), Text(value.0.clone())));
        }
        let webhook = Webhook { url: Text(url.to_owned()), headers, template: raw.template.clone() };
        if let Some(template) = &raw.template
            && self.template(template, at.key("template"))
            && let Err(failure) = tried(&webhook, template)
        {
            self.wrong(at.key("template"), failure.message, failure.hint.as_deref().unwrap_or_default());
        }
        Some(webhook)
    }

    fn command(&mut self, raw: &RawNotifyCommand, at: At<'_>) -> Option<NotifyCommand> {
        for (index, argument) in raw.args.iter().flatten().enumerate() {
            self.template(&argument.0, at.key("args").item(index));
        }
        let timeout = self.length(raw.timeout.as_ref(), at, "timeout").unwrap_or(COMMAND);
        if timeout.is_zero() || timeout > LONGEST_COMMAND {
            self.wrong(at.key("timeout"), "`timeout` must be longer than nothing, and at most `4m`", "");
        }
        let args = raw.args.iter().flatten().map(|argument| Text(argument.0.clone())).collect();
        let program = raw.program.clone()?;
        self.template(&program, at.key("program"));
        Some(NotifyCommand { program: Text(program), args, timeout })
    }

    /// Checks the names that a template uses; says whether it is right.
    fn template(&mut self, text: &str, at: At<'_>) -> bool {
        let before = self.problems.len();
        match names_used(text) {
            Ok(names) => names.iter().for_each(|name| self.name(name, at)),
            Err(problem) => self.wrong(at, format!("template: {}", problem.message), ""),
        }
        self.problems.len() == before
    }

    fn name(&mut self, name: &str, at: At<'_>) {
        let (root, key) = name.split_once('.').map_or((name, None), |(root, key)| (root, Some(key)));
        match (root, key) {
            ("alert", Some(key)) if !Message::KEYS.contains(&key) => {
                let hint = suggest::hint(key, Message::KEYS.iter().copied()).unwrap_or_default();
                self.wrong(at, format!("`alert` has no `{key}`"), &hint);
            }
            ("env", Some(variable)) if self.env.is_some_and(|known| !known.contains(variable)) => {
                let message = format!("environment variable `{variable}` is not allowed in templates");
                self.wrong(at, message, &format!("add it to `env:` in windlass.yaml: `env: [{variable}]`"));
            }
            ("alert" | "env" | "range" | "dict" | "namespace" | "loop", _) => {}
            (root, _) => {
                let hint = "alerts know `alert` and `env`; parameters and outcomes of steps are on the run's page";
                self.wrong(at, format!("unknown name `{root}` in a template"), hint);
            }
        }
    }
}

/// Renders a body as it might be.
fn tried(webhook: &Webhook, template: &str) -> Result<String, Failure> {
    let message = test_message("example", None);
    // Whatever variables it may use: each is there, and empty.
    let names = names_used(template).unwrap_or_default();
    let variables = names.iter().filter_map(|name| name.strip_prefix("env."));
    let env: BTreeMap<String, String> = variables.map(|name| (name.to_owned(), String::new())).collect();
    if webhook.is_json() { json_text(template, &message, &env) } else { plain_text(template, &message, &env) }
}
