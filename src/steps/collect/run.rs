//! One attempt: look, fetch, read, check, load.

use super::data::{self, Data, HowToRead, WantedTypes};
use super::source::{self, Body, Expected, Fetched, Files, Kept, Taken};
use super::target::{Load, Target};
use crate::domain::code::Code;
use crate::domain::failure::{Failure, FailureClass};
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
///
/// It goes on with pages that the attempt before has left. That must not make it fail where it would not have failed without
/// them: if what came of them is no good, it begins anew.
pub(in crate::steps) async fn run(step: &CollectStep, context: &StepContext) -> Result<Outcome, Failure> {
    let keeps = step.source.keeps_pages();
    let spool = if keeps { Spool::take_over(context)? } else { Spool::make(context)? };
    let mut expected = Expected { kept: source::kept(step, &spool, context)?, ..Expected::default() };
    let mut result = Box::pin(load(step, &mut expected, &spool, context)).await;
    if let (Err(failure), Some(kept)) = (&result, &mut expected.kept)
        && kept.pages() > 0
        && matches!(failure.class, FailureClass::Permanent | FailureClass::Expectation)
    {
        context.warn(format!("{failure}; that may be because of the pages of the attempt before, so it begins anew"));
        kept.begin_anew(&spool)?;
        result = Box::pin(load(step, &mut expected, &spool, context)).await;
    }
    match &result {
        Err(failure) if keeps && may_pass(failure) => source::keep(spool, context),
        _ => drop(spool),
    }
    result
}

/// Whether the next attempt may have more luck with the same data. A disk that is full needs the room.
fn may_pass(failure: &Failure) -> bool {
    let passes = matches!(failure.class, FailureClass::Transient | FailureClass::Timeout | FailureClass::Cancelled);
    passes && failure.code != Code::DiskFull
}

/// Looks, fetches, reads, checks and loads.
async fn load(
    step: &CollectStep,
    expected: &mut Expected,
    spool: &Spool,
    context: &StepContext,
) -> Result<Outcome, Failure> {
    let target = Target::new(step, context)?;
    let table = Some(target.table().to_string());
    context.host.progress(Progress::phase(format!("looking at {}", target.table())));
    let found = Box::pin(target.look(context)).await?;
    if let Some(rows) = found.loaded {
        // It died after its commit, before it could remove its spool.
        context.info(format!("an earlier attempt has loaded {rows} rows into {} already", target.table()));
        return Ok(Outcome { rows: Some(rows), table, ..Outcome::default() });
    }
    (expected.exact, expected.taken) = (target.exact(&found), found.taken.clone());
    let wanted = target.wanted_types(&found);
    let Some(read) = Box::pin(read(step, expected, &wanted, spool, context)).await? else {
        let files = Some(0);
        return Ok(Outcome { rows: Some(0), bytes: Some(0), files, table, ..Outcome::default() });
    };
    let Read { mut data, bytes, taken, files } = read;
    data::check(step, &data, context).await?;
    target.tell_types(&data, &found, context);
    data::add_load_columns(&mut data, &step.into.load_columns, context).await?;
    source::unchanged(&taken)?;
    let (rows, rejected) = (data.rows, data.rejected);
    let new_columns = Box::pin(target.load(Load { data, taken }, spool, context)).await?;
    context.host.observe(Observation::Copied { rows, bytes });
    context.info(format!("{rows} rows ({bytes} bytes) loaded into {}", target.table()));
    if rejected > 0 {
        context.warn(format!("{rejected} bad rows were put aside, beside {}", target.table()));
    }
    if !new_columns.is_empty() {
        context.info(format!("{} has new columns: {}", target.table(), new_columns.join(", ")));
    }
    let rejected = (rejected > 0).then_some(rejected);
    let pages_kept = expected.kept.as_ref().map(Kept::pages).filter(|pages| *pages > 0);
    let (rows, bytes) = (Some(rows), Some(bytes));
    Ok(Outcome { rows, bytes, table, files, pages_kept, rejected, new_columns, ..Outcome::default() })
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
