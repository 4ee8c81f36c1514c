use std::time::Duration;

use crate::domain::step::{CtasStep, WorkerGuarantee};
use crate::spec::known::ConnectionKind;
use crate::spec::problems::At;
use crate::spec::raw::{Length, RawCtas, RawWorkers};

use super::names::Names;
use super::resolver::Resolver;

/// PostgreSQL's own limit for `max_parallel_workers_per_gather`.
const MOST_WORKERS: u32 = 1024;

/// Most attempts to get workers.
const MOST_ATTEMPTS: u32 = 1000;

impl Resolver<'_, '_> {
    /// A `parallel_ctas` step.
    pub(super) fn ctas(&mut self, raw: &RawCtas, at: At<'_>) -> Option<CtasStep> {
        let connection = self.connection(raw.connection.as_ref(), at, Some(ConnectionKind::Postgres));
        let table = self.table(raw.table.as_ref(), at);
        let query = self.statement(("query", raw.query.as_ref()), raw.file.as_ref(), at);
        let workers =
            raw.workers.as_ref().map_or_else(WorkerGuarantee::default, |raw| self.workers(raw, at.key("workers")));
        let indexes = self.indexes(raw.indexes.as_ref(), at.key("indexes"));
        let tablespace = raw.tablespace.as_ref().map(|name| self.text(name, at.key("tablespace"), &Names::STEP));
        let with = self.pairs(raw.with.as_ref(), at, "with", &Names::STEP);
        for (index, (name, _)) in with.iter().enumerate() {
            if !is_parameter(name) {
                let message = format!("`{name}` is not the name of a storage parameter");
                let span = at.key("with").nth(index).key_span();
                self.wrong_span(span, message, "such as `fillfactor` or `toast.autovacuum_enabled`");
            }
        }
        Some(CtasStep {
            connection: connection?,
            table: table?,
            query: query?,
            workers,
            tune: raw.tune.unwrap_or(true),
            allow_table_setting: raw.allow_table_setting.unwrap_or(false),
            measure: raw.measure.unwrap_or_default(),
            mode: raw.mode.unwrap_or_default(),
            indexes,
            unlogged: raw.unlogged.unwrap_or(false),
            tablespace,
            with,
        })
    }

    fn workers(&mut self, raw: &RawWorkers, at: At<'_>) -> WorkerGuarantee {
        let default = WorkerGuarantee::default();
        let target = raw.target.unwrap_or(default.target);
        if !(1..=MOST_WORKERS).contains(&target) {
            self.wrong(at.key("target"), format!("`target` must be from 1 to {MOST_WORKERS}"), "");
        }
        let minimum = raw.minimum.unwrap_or_else(|| default.minimum.min(target));
        if minimum > target {
            let message = format!("`minimum` ({minimum}) is more than `target` ({target})");
            let hint = "`target` is the number wanted, `minimum` the number that is enough on the last attempt";
            self.wrong(at.key("minimum"), message, hint);
        }
        let attempts = raw.attempts.unwrap_or(default.attempts);
        if !(1..=MOST_ATTEMPTS).contains(&attempts) {
            self.wrong(at.key("attempts"), format!("`attempts` must be from 1 to {MOST_ATTEMPTS}"), "");
        }
        let mut length =
            |given: Option<&Length>, key, default: Duration| self.duration(given, at, key).unwrap_or(default);
        let retry_delay = length(raw.retry_delay.as_ref(), "retry_delay", default.retry_delay);
        let first_look = length(raw.first_look.as_ref(), "first_look", default.first_look);
        let slot_wait = length(raw.slot_wait.as_ref(), "slot_wait", default.slot_wait);
        let look_every = self.positive(raw.look_every.as_ref(), at, "look_every").unwrap_or(default.look_every);
        WorkerGuarantee { target, minimum, attempts, retry_delay, first_look, look_every, slot_wait }
    }
}

/// Whether a text can be the name of a storage parameter, which stands in the statement as it is.
fn is_parameter(name: &str) -> bool {
    let legal = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let part = |part: &str| !part.is_empty() && part.chars().all(legal);
    name.split('.').count() <= 2 && name.split('.').all(part)
}
