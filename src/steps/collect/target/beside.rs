//! Tables beside the target that a load writes in its own transaction: which files were taken, which rows put aside.
//!
//! Tables come as SQL names them; the statements are words that PostgreSQL and DuckDB share.

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::postgres::literal;
use crate::steps::StepContext;
use crate::steps::collect::source::Taken;

/// The table of files that were taken.
pub(super) const FILES: &str = "windlass_file";

/// How many files one statement remembers.
const AT_ONCE: usize = 500;

/// Whose files and rows they are.
#[derive(Clone, Debug)]
pub(super) struct Owner {
    job: String,
    step: String,
    run: String,
}

/// Columns of a table of rows that were put aside, which come from the reader.
pub(super) const REJECT_COLUMNS: &str = "file, line, column_name, text, error";

/// Makes the table of files.
pub(super) fn make_files(table: &str) -> String {
    format!(
        "create table if not exists {table} (job text not null, step text not null, path text not null, \
         bytes bigint not null, version text not null, run text not null, \
         taken_at timestamp with time zone not null default now(), primary key (job, step, path))"
    )
}

/// Makes a table of rows that were put aside.
pub(super) fn make_rejects(table: &str) -> String {
    format!(
        "create table if not exists {table} (file text, line bigint, column_name text, text text, error text, \
         job text, step text, run text, rejected_at timestamp with time zone default now())"
    )
}

impl Owner {
    /// This step of this run.
    pub(super) fn of(context: &StepContext) -> Self {
        let (job, step, run) = (context.scope.run.job.clone(), context.step_id.clone(), context.run.to_string());
        Self { job, step, run }
    }

    /// Asks which files this step has taken: path and version.
    pub(super) fn taken(&self, files: &str) -> String {
        let (job, step) = (literal(&self.job), literal(&self.step));
        format!("select path, version from {files} where job = {job} and step = {step}")
    }

    /// A name for what runs of this step must not do at once.
    pub(super) fn turn(&self, files: &str) -> String {
        format!("{files}/{}/{}", self.job, self.step)
    }

    /// Remembers files.
    pub(super) fn remember(&self, files: &str, taken: &[Taken]) -> Vec<String> {
        let (job, step, run) = (literal(&self.job), literal(&self.step), literal(&self.run));
        let row = |file: &Taken| {
            let (path, version) = (literal(&file.path), literal(&file.version));
            format!("({job}, {step}, {path}, {}, {version}, {run})", file.bytes)
        };
        let statements = taken.chunks(AT_ONCE).map(|some| {
            let rows = some.iter().map(row).collect::<Vec<_>>().join(", ");
            format!(
                "insert into {files} (job, step, path, bytes, version, run) values {rows} \
                 on conflict (job, step, path) do update set bytes = excluded.bytes, version = excluded.version, \
                 run = excluded.run, taken_at = now()"
            )
        });
        statements.collect()
    }

    /// Adds rows that were put aside; those of an attempt whose success nobody heard of go.
    pub(super) fn put_aside(&self, rejects: &str, from: &str) -> Vec<String> {
        let (job, step, run) = (literal(&self.job), literal(&self.step), literal(&self.run));
        vec![
            format!("delete from {rejects} where run = {run} and job = {job} and step = {step}"),
            format!(
                "insert into {rejects} ({REJECT_COLUMNS}, job, step, run) \
                 select {REJECT_COLUMNS}, {job}, {step}, {run} from {from}"
            ),
        ]
    }
}

/// Fails if another run has taken one of these files since they were looked for.
pub(super) fn still_new(taken: &[Taken], by_now: &[(String, String)]) -> Result<(), Failure> {
    let gone =
        taken.iter().find(|file| by_now.iter().any(|(path, version)| (path, version) == (&file.path, &file.version)));
    let Some(file) = gone else { return Ok(()) };
    let message = format!("loading `{}`: another run has taken it meanwhile", file.path);
    Err(Failure::transient(Code::InputFile, Side::Source, message))
}
