use crate::domain::job::Step;
use crate::domain::step::{CommandStep, StepKind, TriggerStep};
use crate::spec::problems::At;
use crate::spec::raw::{RawCommand, RawRetry, RawStep, RawTrigger};

use super::names::Names;
use super::resolver::{Resolver, is_name};

/// Time between TERM and KILL, if the file says nothing else.
const GRACE: std::time::Duration = std::time::Duration::from_secs(10);

impl Resolver<'_, '_> {
    /// A step. `inherited` is the job's retry policy.
    pub(super) fn step(&mut self, raw: &RawStep, at: At<'_>, inherited: (&RawRetry, At<'_>)) -> Option<Step> {
        let id = raw.id.clone();
        if let Some(id) = &id {
            if !is_name(id, &['-', '_']) {
                let hint = "letters, digits, `-` and `_`; at most 63 bytes; not led by `-`";
                self.wrong(at.key("id"), format!("`{id}` is no id for a step"), hint);
            } else if self.steps[..self.before].contains(id) {
                self.wrong(at.key("id"), format!("there are two steps `{id}`"), "give each step an id of its own");
            }
        }
        let timeout = self.positive(raw.timeout.as_ref(), at, "timeout");
        let own = raw.retry.clone().unwrap_or_default();
        let retry = self.retry(&own, Some(inherited), at.key("retry"), id.as_deref());
        let locks = self.locks(raw.locks.as_ref(), at);
        let kind = self.kind(raw, at)?;
        Some(Step { id: id?, timeout, retry, locks, kind })
    }

    fn kind(&mut self, raw: &RawStep, at: At<'_>) -> Option<StepKind> {
        let kinds = [
            ("collect", raw.collect.is_some()),
            ("copy_to_staging", raw.copy_to_staging.is_some()),
            ("parallel_ctas", raw.parallel_ctas.is_some()),
            ("publish_replica", raw.publish_replica.is_some()),
            ("sql", raw.sql.is_some()),
            ("command", raw.command.is_some()),
            ("trigger", raw.trigger.is_some()),
        ];
        let mut given: Vec<&str> = kinds.iter().filter(|(_, there)| *there).map(|(kind, _)| *kind).collect();
        given.sort_by_key(|kind| at.key(kind).key_span().start);
        let all = kinds.map(|(kind, _)| kind).join(", ");
        match given.as_slice() {
            [_] => {}
            [] => {
                if !self.problems.is_pruned(at) {
                    let message = "the step has no kind: it doesn't say what to do";
                    self.wrong(at, message, &format!("add one of {all}"));
                }
                return None;
            }
            [first, second, ..] => {
                let message = format!("the step has two kinds, `{first}` and `{second}`");
                self.wrong_span(at.key(second).key_span(), message, "make two steps of it");
            }
        }
        // With two kinds both are looked at, so that the problems of both are found.
        let collect = raw.collect.as_ref().and_then(|raw| self.collect(raw, at.key("collect")));
        let copy = raw.copy_to_staging.as_ref().and_then(|raw| self.copy(raw, at.key("copy_to_staging")));
        let ctas = raw.parallel_ctas.as_ref().and_then(|raw| self.ctas(raw, at.key("parallel_ctas")));
        let publish = raw.publish_replica.as_ref().and_then(|raw| self.publish(raw, at.key("publish_replica")));
        let sql = raw.sql.as_ref().and_then(|raw| self.statements(raw, at.key("sql")));
        let command = raw.command.as_ref().and_then(|raw| self.command(raw, at.key("command")));
        let trigger = raw.trigger.as_ref().and_then(|raw| self.trigger(raw, at.key("trigger")));
        collect
            .map(|step| StepKind::Collect(Box::new(step)))
            .or_else(|| copy.map(StepKind::CopyToStaging))
            .or_else(|| ctas.map(StepKind::ParallelCtas))
            .or_else(|| publish.map(StepKind::PublishReplica))
            .or_else(|| sql.map(StepKind::Sql))
            .or_else(|| command.map(StepKind::Command))
            .or_else(|| trigger.map(StepKind::Trigger))
    }

    pub(super) fn command(&mut self, raw: &RawCommand, at: At<'_>) -> Option<CommandStep> {
        if raw.user.as_ref().is_some_and(|user| !is_name(user, &['-', '_', '.', '$'])) {
            self.wrong(at.key("user"), "`user` is no name of a system user", "templates are not allowed here");
        }
        let grace = self.duration(raw.grace.as_ref(), at, "grace").unwrap_or(GRACE);
        let env = self.pairs(raw.env.as_ref(), at, "env", &Names::STEP);
        for (index, (name, _)) in env.iter().enumerate() {
            if name.is_empty() || name.contains(['=', '\0']) {
                let message = format!("`{name}` is no name for an environment variable");
                self.wrong_span(at.key("env").nth(index).key_span(), message, "");
            }
        }
        let args = raw.args.as_ref().map_or(&[][..], Vec::as_slice);
        let args = args
            .iter()
            .enumerate()
            .map(|(index, arg)| self.text(&arg.0, at.key("args").item(index), &Names::STEP))
            .collect();
        let cwd = raw.cwd.as_ref().map(|folder| self.base.join(folder));
        let program = raw.program.as_ref()?;
        if program.is_empty() {
            self.wrong(at.key("program"), "`program` is empty", "");
        } else if program.contains(' ') && !program.contains(['/', '{']) {
            let hint = "no shell is involved: the program goes here, its arguments into `args`";
            self.wrong(at.key("program"), format!("`{program}` is not a program"), hint);
        }
        let program = self.text(program, at.key("program"), &Names::STEP);
        let user = raw.user.clone();
        Some(CommandStep { program, args, env, cwd, user, grace })
    }

    fn trigger(&mut self, raw: &RawTrigger, at: At<'_>) -> Option<TriggerStep> {
        let wait = raw.wait.unwrap_or(false);
        let params = self.pairs(raw.params.as_ref(), at, "params", &Names::STEP);
        let job = raw.job.as_ref()?;
        if wait && *job == self.job {
            let hint = "the new run would wait for this one, and this one for it; set `wait: false`";
            self.wrong(at.key("job"), "a job can't wait for itself", hint);
        }
        if !job.contains('{') && !is_name(job, &['-', '_', '.']) {
            self.wrong(at.key("job"), format!("`{job}` is no name for a job"), "");
        }
        let job = self.text(job, at.key("job"), &Names::STEP);
        Some(TriggerStep { job, params, wait })
    }
}
