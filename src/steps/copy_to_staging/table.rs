//! One table of the step: what is read, and where it goes.

use crate::domain::ids::TableName;
use crate::postgres::replacement::Deferred;
use crate::postgres::{PgError, Place, QualifiedName, literal};
use crate::steps::rows;

use super::format::Format;
use crate::steps::reading::part::Part;
use crate::steps::reading::snapshot::SETTINGS;
use crate::steps::reading::source::Source;

/// One table of the step.
pub(super) struct Table {
    /// What is read.
    pub(super) source: Source,
    /// What one stream copies at a time.
    pub(super) parts: Vec<Part>,
    /// How the rows go.
    pub(super) format: Format,
    /// Where the rows go.
    pub(super) staging: Staging,
}

/// Where rows go: a new table under a hidden name.
pub(super) struct Staging {
    /// The staging table's name, as the job gives it.
    pub(super) table: TableName,
    /// Where the staging table is or will be.
    pub(super) place: Place,
    /// The new table's name.
    pub(super) hidden: String,
    /// Makes the new table.
    pub(super) create: String,
    /// What is built once the rows are there.
    pub(super) stages: Vec<Vec<Deferred>>,
    /// The columns that are filled, plain.
    pub(super) columns: Vec<String>,
    /// Whether the new table takes the other's place; else its rows go into the one that stays.
    pub(super) swapped: bool,
}

impl Staging {
    /// The new table's full name.
    pub(super) fn new_name(&self) -> QualifiedName {
        self.place.beside(&self.hidden)
    }

    /// The rows of the new table.
    pub(super) fn query(&self) -> String {
        format!("select {} from {}", rows::list(&self.columns), self.new_name())
    }

    /// The same error, with the table's own name for its hidden one.
    pub(super) fn speak(&self, error: PgError) -> PgError {
        error.renamed(&[(self.hidden.as_str(), self.place.name.as_str())])
    }
}

impl Table {
    /// Whether one transaction makes the table and fills it, so that its rows need no second visit by vacuum.
    pub(super) const fn frozen(&self) -> bool {
        self.parts.len() == 1
    }

    /// Begins the transaction that the rows of a part come in with, and makes the table in it if it is the only one.
    pub(super) fn begin(&self) -> String {
        let create = if self.frozen() { self.staging.create.as_str() } else { "" };
        format!("begin; {SETTINGS}; {create}")
    }

    /// The COPY that reads a part.
    pub(super) fn copy_out(&self, part: usize) -> String {
        // On a line of its own, so that a comment at the end of a query ends with it.
        format!("copy (\n{}\n) to stdout (format {})", self.parts[part].query, self.format.label())
    }

    /// The COPY that writes a part.
    pub(super) fn copy_in(&self) -> String {
        let freeze = if self.frozen() { ", freeze" } else { "" };
        let (name, list, format) = (self.staging.new_name(), rows::list(&self.staging.columns), self.format.label());
        format!("copy {name} ({list}) from stdin (format {format}{freeze})")
    }
}

/// Gathers statistics of a table. Of some values none can be made, such as ranges with bounds beyond double precision;
/// the rows are good all the same.
pub(super) fn analyze(name: &QualifiedName) -> String {
    let body = format!("begin analyze {name}; exception when data_exception then raise warning '%', sqlerrm; end");
    format!("do {}", literal(&body))
}
