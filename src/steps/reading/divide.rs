//! Where to divide rows by the values of a column.
//!
//! The bounds come from a random sample, so that the parts are about equal however the values are spread.

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::step::CopyStep;
use crate::postgres::{Ident, Session, literal};
use crate::steps::StepContext;

use super::part;
use super::source::Source;

/// How many values are drawn to find where to divide: the parts come out equal to within a few percent.
const SAMPLE: u64 = 10_000;

/// Divides the rows by the values of the column that the step names.
pub(in crate::steps) async fn by_column(
    step: &CopyStep,
    session: &Session,
    source: &mut Source,
    context: &StepContext,
) -> Result<(), Failure> {
    let Some(by) = &step.split_by else { return Ok(()) };
    let Some(column) = source.columns.iter().find(|column| column.name == *by) else {
        let message = format!("{} has no column `{by}` to divide its rows by", source.name);
        return Err(Failure::permanent(Code::CopyShape, Side::Source, message)
            .with_hint("`split_by` names one of the columns that are copied"));
    };
    let parts = step.streams * 2;
    let name = Ident::new(by.as_str());
    let fractions: Vec<String> = (1..parts).map(|part| format!("{:.6}", f64::from(part) / f64::from(parts))).collect();
    #[expect(clippy::cast_precision_loss, reason = "a share for a sample")]
    let share = SAMPLE as f64 / source.rows_expected.unwrap_or(0).max(SAMPLE) as f64;
    let sample = format!(
        "select percentile_disc(array[{}]) within group (order by {name})::text[] \
         from (select {name} from (\n{}\n) as windlass_rows where random() < {share:.9}) as windlass_sample",
        fractions.join(", "),
        source.rows.query()
    );
    let doing = format!("looking where to divide {} by column {name}", source.name);
    let asked = session.query_one(&sample, &[], doing);
    let row = session.run_until(&context.stop, Side::Source, asked).await?;
    let found: Option<Vec<Option<String>>> = row.get(0);
    let mut bounds: Vec<String> = found.unwrap_or_default().into_iter().flatten().collect();
    bounds.dedup();
    let bounds: Vec<String> = bounds.iter().map(|bound| format!("{}::{}", literal(bound), column.sql_type)).collect();
    source.ranges = part::ranges(&name, &bounds);
    Ok(())
}
