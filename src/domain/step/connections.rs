use super::{CollectSource, PublishSource, StepKind};

impl StepKind {
    /// Names of the connections that the step uses.
    pub fn connections(&self) -> Vec<&str> {
        match self {
            Self::Collect(step) => match &step.source {
                CollectSource::Query(query) => vec![&step.into.connection, &query.connection],
                CollectSource::Http(_) | CollectSource::File(_) | CollectSource::Command(_) => {
                    vec![&step.into.connection]
                }
            },
            Self::CopyToStaging(step) => vec![&step.from, &step.to],
            Self::ParallelCtas(step) => vec![&step.connection],
            Self::PublishReplica(step) => match &step.source {
                PublishSource::DuckDb { connection } | PublishSource::Postgres { connection, .. } => vec![connection],
            },
            Self::Sql(step) => vec![&step.connection],
            Self::Command(_) | Self::Trigger(_) => Vec::new(),
        }
    }
}
