//! The statement that makes the table: how it is written, planned and sent.

use serde_json::Value;
use tokio_postgres::SimpleQueryMessage;

use crate::domain::failure::Failure;
use crate::domain::step::{CtasStep, Measure};
use crate::postgres::{Ident, PgError, PgErrorKind, Place, Session, literal};
use crate::steps::StepContext;

use super::plan::Plan;
use super::publish::Target;

/// What is made, rendered; all attempts of a step make the same.
pub(super) struct Statement {
    /// The query.
    pub(super) text: String,
    /// Where the table will stand.
    pub(super) place: Place,
    /// What stands between `create` and `table`.
    persistence: &'static str,
    /// What stands between the table's name and `as`.
    options: String,
}

/// What the server said after it made the table.
pub(super) struct Answer {
    /// Rows of the table.
    pub(super) rows: u64,
    /// The plan with what was launched, if that was asked for.
    pub(super) plan: Option<Plan>,
}

impl Statement {
    /// Renders a step's statement. A table that takes another's place lies where that one does, unless the job says where.
    pub(super) fn render(step: &CtasStep, target: Target, context: &StepContext) -> Result<Self, Failure> {
        let mut options = String::new();
        if !step.with.is_empty() {
            let rendered =
                step.with.iter().map(|(name, value)| Ok(format!("{name} = {}", literal(&context.scope.text(value)?))));
            let rendered: Vec<String> = rendered.collect::<Result<_, Failure>>()?;
            options = format!(" with ({})", rendered.join(", "));
        }
        let tablespace = step.tablespace.as_ref().map(|name| context.scope.text(name)).transpose()?;
        if let Some(tablespace) = tablespace.or(target.tablespace) {
            options = format!("{options} tablespace {}", Ident::new(tablespace));
        }
        let persistence = if step.unlogged { "unlogged " } else { "" };
        Ok(Self { text: context.scope.sql(&step.query)?, place: target.place, persistence, options })
    }

    /// The statement that makes the table under that name.
    pub(super) fn create(&self, hidden: &str) -> String {
        // The query on lines of its own: it may begin and end with a comment.
        format!("{} as\n{}", self.head(hidden), self.text)
    }

    /// A statement that makes an empty table with the columns of the relation `like`.
    pub(super) fn create_like(&self, hidden: &str, like: &str) -> String {
        let like = self.place.beside(like);
        format!("create {}table {} (like {like}){}", self.persistence, self.place.beside(hidden), self.options)
    }

    /// Whether anything is said about how the table is stored.
    pub(super) const fn has_options(&self) -> bool {
        !self.options.is_empty()
    }

    fn head(&self, hidden: &str) -> String {
        format!("create {}table {}{}", self.persistence, self.place.beside(hidden), self.options)
    }

    /// The plan, without running anything. Refuses a text that is more than one statement.
    pub(super) async fn explain(&self, session: &Session, hidden: &str) -> Result<Plan, PgError> {
        let sql = format!("explain (verbose, summary, format json) {}", self.create(hidden));
        let doing = "planning the query";
        let answer = session.query_one(&sql, &[], doing).await.map_err(|error| error.points_at(&sql))?;
        let answer: Value = answer.get(0);
        Plan::read(&answer).ok_or_else(|| unreadable(doing))
    }

    /// Makes the table, after the statements `before`, all in one message. It commits by itself unless `before` began a
    /// transaction. `explain` has passed the same text before, so it is one statement.
    pub(super) async fn make(
        &self,
        session: &Session,
        hidden: &str,
        before: &str,
        measure: Measure,
    ) -> Result<Answer, PgError> {
        let explain = match measure {
            Measure::Exact => "explain (analyze, timing off, buffers off, summary, verbose, format json) ",
            Measure::Sampled => "",
        };
        let doing = format!("making the table {}", self.place.full());
        let sql = format!("{before}{explain}{}", self.create(hidden));
        let messages =
            session.client().simple_query(&sql).await.map_err(|error| PgError::new(doing.as_str(), &error))?;
        if measure == Measure::Exact {
            let answer = messages.iter().rev().find_map(|message| match message {
                SimpleQueryMessage::Row(row) => row.get(0),
                _ => None,
            });
            let plan = answer.and_then(|text| serde_json::from_str(text).ok()).and_then(|answer| Plan::read(&answer));
            let plan = plan.ok_or_else(|| unreadable(&doing))?;
            return Ok(Answer { rows: plan.rows(), plan: Some(plan) });
        }
        let rows = messages.iter().rev().find_map(|message| match message {
            SimpleQueryMessage::CommandComplete(rows) => Some(*rows),
            _ => None,
        });
        Ok(Answer { rows: rows.unwrap_or(0), plan: None })
    }
}

fn unreadable(doing: &str) -> PgError {
    let mut error = PgError::without_server(doing, "the server's answer holds no plan", PgErrorKind::Server);
    error.hint = Some("the query must be one SELECT, VALUES or TABLE statement".to_owned());
    error
}
