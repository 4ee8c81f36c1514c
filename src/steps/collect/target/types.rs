//! What the data's columns look like, told beside what the table has.

use super::fit::words;
use super::postgres_types;
use crate::steps::StepContext;
use crate::steps::collect::data::{Column, Data};

/// Tells the types that the data shows, and where the table has others. `postgres`: whose words the table's types are.
pub(super) fn tell(data: &Data, existing: Option<&[Column]>, postgres: bool, context: &StepContext) {
    if data.inferred.is_empty() {
        return;
    }
    let first = data.first_rows.map(|rows| format!(", by its first {rows} rows")).unwrap_or_default();
    context.info(format!("columns of the data{first}: {}", words(&data.inferred)));
    let differs = |column: &Column| {
        let table = existing?.iter().find(|one| one.name.eq_ignore_ascii_case(&column.name))?;
        let looks = if postgres { postgres_types::sql_type(&column.sql_type) } else { column.sql_type.clone() };
        // PostgreSQL writes the long name of what it is told by the short one.
        let same = table.sql_type == looks || table.sql_type.strip_suffix(" without time zone") == Some(&looks);
        (!same).then(|| format!("`{}` is {} and looks like {looks}", table.name, table.sql_type))
    };
    let differences: Vec<String> = data.inferred.iter().filter_map(differs).collect();
    if !differences.is_empty() {
        context
            .info(format!("the table's types are taken where the data looks like others: {}", differences.join(", ")));
    }
}
