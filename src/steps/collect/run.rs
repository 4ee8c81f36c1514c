//! One attempt: look, fetch, read, check, load.

use super::data::{self, Data, HowToRead, WantedTypes};
use super::source::{self, Body, Expected, Fetched, Files, Taken};
use super::target::{Load, Target};
use crate::domain::failure::Failure;
use crate::domain::observation::Observation;
use crate::domain::outcome::Outcome;
use crate::domain::progress::Progress;
use crate::domain::step::{CollectSource, CollectStep, Csv};
use crate::steps::StepContext;
use crate::steps::spool::Spool;

/// What was read.
struct Read {
    data: Data,
    bytes: u64,
    taken: Vec<Taken>,
    /// How many files it is from; `None` if it isn't from files.
    files: Option<u64>,
}

/// Runs one attempt.
pub(in crate::steps) async fn run(step: &CollectStep, context: &StepContext) -> Result<Outcome, Failure> {
    let target = Target::new(step, context)?;
    let table = Some(target.table().to_string());
    context.host.progress(Progress::phase(format!("looking at {}", target.table())));
    let found = Box::pin(target.look(context)).await?;
    if let Some(rows) = found.loaded {
        context.info(format!("an earlier attempt has loaded {rows} rows into {} already", target.table()));
        // It died after its commit, before it could remove its spool.
        Spool::sweep(context)?;
        return Ok(Outcome { rows: Some(rows), table, ..Outcome::default() });
    }
    let spool = Spool::make(context)?;
    let expected = Expected { exact: target.exact(&found), taken: found.taken.clone() };
    let wanted = target.wanted_types(&found);
    let Some(read) = Box::pin(read(step, &expected, &wanted, &spool, context)).await? else {
        let files = Some(0);
        return Ok(Outcome { rows: Some(0), bytes: Some(0), files, table, ..Outcome::default() });
    };
    let Read { mut data, bytes, taken, files } = read;
    data::check(step, &data, context).await?;
    target.tell_types(&data, &found, context);
    data::add_load_columns(&mut data, &step.into.load_columns, context).await?;
    source::unchanged(&taken)?;
    let (rows, rejected) = (data.rows, data.rejected);
    let new_columns = Box::pin(target.load(Load { data, taken }, &spool, context)).await?;
    context.host.observe(Observation::Copied { rows, bytes });
    context.info(format!("{rows} rows ({bytes} bytes) loaded into {}", target.table()));
    if rejected > 0 {
        context.warn(format!("{rejected} bad rows were put aside, beside {}", target.table()));
    }
    if !new_columns.is_empty() {
        context.info(format!("{} has new columns: {}", target.table(), new_columns.join(", ")));
    }
    let rejected = (rejected > 0).then_some(rejected);
    Ok(Outcome { rows: Some(rows), bytes: Some(bytes), files, rejected, new_columns, table, ..Outcome::default() })
}

/// Fetches and reads all of the source; `None` if there is nothing new.
async fn read(
    step: &CollectStep,
    expected: &Expected,
    wanted: &dyn WantedTypes,
    spool: &Spool,
    context: &StepContext,
) -> Result<Option<Read>, Failure> {
    let plain = Csv::default();
    let how = HowToRead { csv: &plain, bad_rows: None, aside: None, wanted };
    let read = async |body: Body, how: HowToRead<'_>| {
        context.host.progress(Progress::phase("reading"));
        let bytes = body.bytes;
        let data = Box::pin(data::read(body, how, spool, context)).await?;
        Ok::<_, Failure>(Read { data, bytes, taken: Vec::new(), files: None })
    };
    Ok(Some(match (source::fetch(step, expected, spool, context).await?, &step.source) {
        (Fetched::NothingNew, _) => return Ok(None),
        (Fetched::Body(body), _) => read(body, how).await?,
        (Fetched::Files(files), CollectSource::File(source)) => {
            let Files { body, taken, count, rejects } = files;
            let bad_rows = source.bad_rows.as_ref();
            let how = HowToRead { csv: &source.csv, bad_rows, aside: rejects.as_deref(), wanted };
            Read { taken, files: Some(count), ..read(body, how).await? }
        }
        (Fetched::Files(files), _) => read(files.body, how).await?,
        (Fetched::Query(query), _) => {
            let (data, bytes) = Box::pin(data::query(query, wanted, spool, context)).await?;
            Read { data, bytes, taken: Vec::new(), files: None }
        }
    }))
}
