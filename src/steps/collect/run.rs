//! One attempt: look, fetch, read, check, load.

use super::data;
use super::source::{self, Fetched};
use super::target::Target;
use crate::domain::failure::Failure;
use crate::domain::observation::Observation;
use crate::domain::outcome::Outcome;
use crate::domain::progress::Progress;
use crate::domain::step::CollectStep;
use crate::steps::StepContext;
use crate::steps::spool::Spool;

/// Runs one attempt.
pub(in crate::steps) async fn run(step: &CollectStep, context: &StepContext) -> Result<Outcome, Failure> {
    let target = Target::new(step, context)?;
    context.host.progress(Progress::phase(format!("looking at {}", target.table())));
    let found = Box::pin(target.look(context)).await?;
    if let Some(rows) = found.loaded {
        context.info(format!("an earlier attempt has loaded {rows} rows into {} already", target.table()));
        let table = Some(target.table().to_string());
        return Ok(Outcome { rows: Some(rows), table, ..Outcome::default() });
    }
    let spool = Spool::make(context)?;
    let wanted = target.wanted_types(&found);
    let (data, bytes) = match source::fetch(step, &spool, context).await? {
        Fetched::Body(body) => {
            context.host.progress(Progress::phase("reading"));
            let data = Box::pin(data::read(&body, &wanted, &spool, context)).await?;
            (data, body.bytes)
        }
        Fetched::Query(query) => Box::pin(data::query(query, &wanted, &spool, context)).await?,
    };
    data::check(step, &data, context).await?;
    let rows = Box::pin(target.load(data, &spool, context)).await?;
    context.host.observe(Observation::Copied { rows, bytes });
    context.info(format!("{rows} rows ({} bytes) loaded into {}", bytes, target.table()));
    let table = Some(target.table().to_string());
    Ok(Outcome { rows: Some(rows), bytes: Some(bytes), table, ..Outcome::default() })
}
