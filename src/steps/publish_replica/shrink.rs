//! Whether a table has lost more rows than it may.

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::replica::Manifest;
use crate::steps::replica::TableRows;

/// Refuses tables that lost a larger share of their rows since the published generation than `max_shrink`. A table
/// that isn't there any more has lost all of them.
pub(super) fn refuse(
    published: Option<&Manifest>,
    tables: &[TableRows],
    max_shrink: Option<f64>,
) -> Result<(), Failure> {
    let (Some(published), Some(allowed)) = (published, max_shrink) else { return Ok(()) };
    let mut wrong = Vec::new();
    for before in published.tables.iter().map(TableRows::from).filter(|table| table.rows > 0) {
        let now = tables.iter().find(|table| table.schema == before.schema && table.name == before.name);
        let rows = now.map_or(0, |table| table.rows);
        let lost = share(before.rows.saturating_sub(rows), before.rows);
        if lost > allowed {
            let gone = if now.is_none() { ", for it is not there any more" } else { "" };
            wrong.push(format!(
                "table `{before}` had {} rows and has {rows}{gone}: {} less",
                before.rows,
                percent(lost)
            ));
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    let message = format!(
        "the new replica would be smaller than generation {} by more than `max_shrink` allows ({}): {}",
        published.generation,
        percent(allowed),
        wrong.join("; ")
    );
    Err(Failure::permanent(Code::ReplicaCheck, Side::Target, message)
        .with_hint("the old replica stays as it was; if the rows are rightly gone, raise `max_shrink` for this time"))
}

#[expect(clippy::cast_precision_loss, reason = "a share of rows needs no more than 52 bits")]
fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

/// A share in percent, precise enough to be told from the share that is allowed.
fn percent(share: f64) -> String {
    let text = format!("{:.2}", share * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}
