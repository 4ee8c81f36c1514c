//! The target's side: what the new staging table looks like, and how the rows go into it.
//!
//! A staging table that has the source's columns already keeps its defaults, constraints and indexes. Otherwise the
//! source's columns win, and every difference is told.

use std::collections::BTreeSet;

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::postgres::replacement::{self, Coming, Replacement, Wanted};
use crate::postgres::{Ident, PgError, Place, QualifiedName, Session};
use crate::steps::StepContext;

use super::source::Source;

/// How COPY writes values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// As the types' own binary form: quicker, where both sides mean the same by it.
    Binary,
    /// As text: always right.
    Text,
}

impl Format {
    /// The word for it, COPY's own.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Text => "text",
        }
    }
}

/// The new staging table.
pub(super) struct Staging {
    /// How it takes its place.
    pub(super) replacement: Replacement,
    /// How the rows go into it.
    pub(super) format: Format,
    /// The columns that COPY fills, quoted.
    pub(super) column_list: String,
}

impl Staging {
    /// The table's full name under another name in its schema.
    pub(super) fn beside(&self, hidden: &str) -> QualifiedName {
        self.replacement.place().beside(hidden)
    }

    /// The same error, with the table's own name for its hidden one.
    pub(super) fn speak(&self, error: PgError, _hidden: &str) -> PgError {
        self.replacement.speak(error)
    }
}

/// Plans the new table for the source's columns.
pub(super) async fn plan(
    session: &Session,
    place: &Place,
    source: &Source,
    unlogged: bool,
    context: &StepContext,
) -> Result<Staging, Failure> {
    check_names(source)?;
    let wanted = Wanted {
        place: place.clone(),
        hidden: context.hidden_name(0),
        coming: Coming::Columns(source.columns.clone()),
        unlogged,
        indexes: true,
    };
    let planning = async { replacement::plan(session, &[wanted]).await };
    let mut planned = session.run_until(&context.stop, Side::Target, planning).await?;
    let replacement = planned.remove(0);
    for difference in replacement.drift() {
        context.warn(format!("{}: {difference}", place.full()));
    }
    if !replacement.lost().is_empty() {
        let lost = replacement.lost().join(", ");
        context.warn(format!("{}: goes with the old table and is not made again: {lost}", place.full()));
    }
    let names: Vec<_> = source.columns.iter().map(|column| Ident::new(column.name.as_str()).to_string()).collect();
    Ok(Staging {
        format: if replacement.binary() { Format::Binary } else { Format::Text },
        replacement,
        column_list: names.join(", "),
    })
}

/// Begins the transaction that the rows will come in with, and makes the table in it: whatever ends the session ends
/// the table, and COPY may write rows that need no second visit by vacuum.
pub(super) async fn create(session: &Session, staging: &Staging) -> Result<(), PgError> {
    let replacement = &staging.replacement;
    let doing = format!("making a new table for {}", replacement.place().full());
    let statement = format!("begin; {}", replacement.create());
    session.execute(&statement, doing).await.map_err(|error| replacement.speak(error))?;
    Ok(())
}

/// Columns that a table can't have.
fn check_names(source: &Source) -> Result<(), Failure> {
    let shape = |message| Err(Failure::permanent(Code::CopyShape, Side::Source, message));
    if source.columns.is_empty() {
        return shape(format!("{} has no columns", source.name));
    }
    let mut seen = BTreeSet::new();
    for column in &source.columns {
        if !seen.insert(column.name.as_str()) {
            return shape(format!(
                "{} has two columns `{}`: give one another name with `as`",
                source.name, column.name
            ));
        }
    }
    Ok(())
}
