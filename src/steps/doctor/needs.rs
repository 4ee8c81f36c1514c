//! What jobs ask of their connections.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::domain::ids::TableName;
use crate::domain::job::Job;
use crate::domain::step::{CopyTarget, StepKind};
use crate::domain::template::Text;

/// What jobs ask of one connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Need {
    /// Schemas in which tables are made, each with a job that does.
    pub(super) schemas: BTreeMap<String, String>,
    /// The most parallel workers that a job wants, how few it is content with, and which one.
    pub(super) workers: Option<(u32, u32, String)>,
    /// The most sessions that one step opens.
    pub(super) sessions: u32,
    /// Jobs that use it.
    pub(super) jobs: BTreeSet<String>,
}

/// What jobs ask of all of them.
#[derive(Debug, Default)]
pub(super) struct Needs(BTreeMap<String, Need>);

impl Needs {
    /// What these jobs ask. A table whose name depends on the run is left out.
    pub(super) fn of(jobs: &[(Job, PathBuf)]) -> Self {
        let mut needs = Self::default();
        for (job, _) in jobs {
            for step in &job.steps {
                needs.take(&job.name, &step.kind);
            }
        }
        needs
    }

    /// What is asked of the connection of that name.
    pub(super) fn of_connection(&self, name: &str) -> Need {
        self.0.get(name).cloned().unwrap_or_default()
    }

    fn take(&mut self, job: &str, kind: &StepKind) {
        for name in kind.connections() {
            let need = self.0.entry(name.to_owned()).or_default();
            need.jobs.insert(job.to_owned());
            need.sessions = need.sessions.max(2);
        }
        match kind {
            StepKind::Collect(step) => self.writes(job, &step.into.connection, &step.into.table),
            StepKind::CopyToStaging(step) => {
                match &step.target {
                    CopyTarget::Table(table) => self.writes(job, &step.to, table),
                    CopyTarget::Schema(schema) if !is_template(schema) => self.makes(job, &step.to, schema.0.clone()),
                    CopyTarget::Schema(_) => {}
                }
                for name in [&step.from, &step.to] {
                    let need = self.0.entry(name.clone()).or_default();
                    need.sessions = need.sessions.max(step.streams + 2);
                }
            }
            StepKind::ParallelCtas(step) => {
                self.writes(job, &step.connection, &step.table);
                let need = self.0.entry(step.connection.clone()).or_default();
                let (target, minimum) = (step.workers.target, step.workers.minimum);
                if need.workers.as_ref().is_none_or(|(most, ..)| target > *most) {
                    need.workers = Some((target, minimum, job.to_owned()));
                }
            }
            StepKind::PublishReplica(_) | StepKind::Sql(_) | StepKind::Command(_) | StepKind::Trigger(_) => {}
        }
    }

    fn writes(&mut self, job: &str, connection: &str, table: &Text) {
        if !is_template(table)
            && let Ok(table) = TableName::parse(&table.0)
        {
            // Without a schema it goes where the connection's search path says.
            self.makes(job, connection, table.schema.unwrap_or_default());
        }
    }

    fn makes(&mut self, job: &str, connection: &str, schema: String) {
        let need = self.0.entry(connection.to_owned()).or_default();
        need.schemas.entry(schema).or_insert_with(|| job.to_owned());
    }
}

fn is_template(text: &Text) -> bool {
    text.0.contains("{{") || text.0.contains("{%")
}
