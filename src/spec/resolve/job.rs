use std::path::{Path, PathBuf};

use crate::domain::deadline::Deadline;
use crate::domain::job::{Job, Param};
use crate::domain::template::Text;
use crate::spec::known::Known;
use crate::spec::problems::{At, Problems};
use crate::spec::raw::RawJob;

use super::names::Names;
use super::notify;
use super::resolver::{Resolver, is_name};

/// Resolves a job file, and says which other files were read into the job. `None` if what is wrong with it leaves no job;
/// other problems are in `problems` all the same.
pub(crate) fn resolve(
    raw: &RawJob,
    at: At<'_>,
    base: &Path,
    known: &Known,
    problems: &mut Problems<'_>,
) -> Option<(Job, Vec<PathBuf>)> {
    let mut resolver = Resolver {
        problems,
        known,
        base,
        job: raw.job.clone().unwrap_or_default(),
        params: raw.params.iter().flat_map(|params| &params.0).map(|(name, _)| name.clone()).collect(),
        steps: raw.steps.iter().flatten().map(|step| step.id.clone().unwrap_or_default()).collect(),
        before: 0,
        reads: Vec::new(),
    };
    let job = resolver.job(raw, at)?;
    Some((job, resolver.reads))
}

impl Resolver<'_, '_> {
    fn job(&mut self, raw: &RawJob, at: At<'_>) -> Option<Job> {
        let name = raw.job.clone();
        if let Some(name) = name.as_deref().filter(|name| !is_name(name, &['-', '_', '.'])) {
            let hint = "letters, digits, `-`, `_` and `.`; at most 63 bytes; not led by `-` or `.`";
            self.wrong(at.key("job"), format!("`{name}` is no name for a job"), hint);
        }
        let params = self.params(raw, at);
        let schedule = raw.schedule.as_ref().and_then(|schedule| self.schedule(schedule, at.key("schedule")));
        let overlap = raw.schedule.as_ref().and_then(|schedule| schedule.overlap).unwrap_or_default();
        let locks = self.locks(raw.locks.as_ref(), at);
        let timeout = self.positive(raw.timeout.as_ref(), at, "timeout");
        let retry = raw.retry.clone().unwrap_or_default();
        self.retry(&retry, None, at.key("retry"), None);
        let deadline = self.deadline(raw, at);
        let env = self.known.env.as_ref();
        let notify = raw.notify.as_ref().map(|raw| notify::notify(raw, at.key("notify"), self.problems, env));
        let steps = raw.steps.as_ref()?;
        if steps.is_empty() {
            self.wrong(at.key("steps"), "a job needs at least one step", "");
        }
        let mut resolved = Vec::new();
        for (index, step) in steps.iter().enumerate() {
            self.before = index;
            let retries = (&retry, at.key("retry"));
            resolved.extend(self.step(step, at.key("steps").item(index), retries));
        }
        let description = raw.description.clone();
        let name = name?;
        Some(Job { name, description, schedule, overlap, params, locks, timeout, deadline, notify, steps: resolved })
    }

    fn deadline(&mut self, raw: &RawJob, at: At<'_>) -> Option<Deadline> {
        let text = raw.deadline.as_ref()?;
        let deadline = Deadline::parse(text);
        if deadline.is_none() {
            let hint = "write a time of day in the job's zone: `\"07:30\"`";
            self.wrong(at.key("deadline"), format!("`{text}` is no time of day"), hint);
        }
        if raw.schedule.is_none() {
            let hint =
                "add `schedule`, so that something is due by then; for how long a run may take there is `timeout`";
            self.wrong_span(at.key("deadline").key_span(), "a `deadline` needs a `schedule`", hint);
        }
        deadline
    }

    fn params(&mut self, raw: &RawJob, at: At<'_>) -> Vec<Param> {
        let pairs = raw.params.as_ref().map_or(&[][..], |params| &params.0);
        let mut params = Vec::new();
        for (index, (name, param)) in pairs.iter().enumerate() {
            let at = at.key("params").nth(index);
            let plain = name.chars().all(|character| character.is_alphanumeric() || character == '_');
            if !plain || !is_name(name, &['_']) || name.starts_with(|first: char| first.is_numeric()) {
                let hint = "letters, digits and `_`, not led by a digit; at most 63 bytes";
                self.wrong_span(at.key_span(), format!("`{name}` is no name for a parameter"), hint);
            }
            if raw.schedule.is_some() && param.default.is_none() {
                let message = format!("parameter `{name}` needs a default, because the job runs on a schedule");
                self.wrong_span(at.key_span(), message, "nobody is there to give it when the job is due");
            }
            let default = param.default.as_ref().map(|value| value.0.clone());
            params.push(Param { name: name.clone(), default, description: param.description.clone() });
        }
        params
    }

    /// Locks of the job or of a step.
    pub(super) fn locks(&mut self, given: Option<&Vec<String>>, parent: At<'_>) -> Vec<Text> {
        let locks = given.map_or(&[][..], Vec::as_slice);
        for (index, lock) in locks.iter().enumerate() {
            let at = parent.key("locks").item(index);
            if lock.trim() != lock || lock.is_empty() || lock.starts_with('/') {
                self.wrong(at, format!("`{lock}` is no name for a lock"), "write `class` or `class/name`");
            } else if locks[..index].contains(lock) {
                self.wrong(at, format!("lock `{lock}` is listed twice"), "");
            }
            self.template(lock, at, &Names::LOCK);
        }
        locks.iter().cloned().map(Text).collect()
    }
}
