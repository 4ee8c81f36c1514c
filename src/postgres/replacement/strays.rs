//! Names for parts of new tables that were made without a name and got one from the hidden name: a primary key in a
//! given definition, an index on a table that others made. They get the name that they would have on the table itself.

use std::collections::BTreeSet;

use crate::postgres::error::PgError;
use crate::postgres::ident::Ident;
use crate::postgres::session::Session;

use super::new_table::Replacement;

/// The longest name that PostgreSQL takes, in bytes.
const LONGEST: usize = 63;

/// The statements that rename them. One whose name would be another's keeps its own.
pub(super) async fn renames(
    session: &Session,
    replacements: &[Replacement],
    news: &[u32],
    olds: &[u32],
    doing: &str,
) -> Result<Vec<String>, PgError> {
    let hidden: Vec<&str> = replacements.iter().map(|one| one.hidden.as_str()).collect();
    let rows = session.query(include_str!("sql/strays.sql"), &[&news, &hidden], doing).await?;
    let mut used: BTreeSet<(String, String)> = BTreeSet::new();
    for one in replacements {
        used.extend(one.kept.indexes.iter().map(|index| (one.place.schema.as_str().to_owned(), index.name.clone())));
    }
    let mut found = Vec::new();
    for row in rows {
        let (place, statement, schema, name): (i64, String, String, String) =
            (row.get(0), row.get(1), row.get(2), row.get(3));
        let one = usize::try_from(place - 1).ok().and_then(|place| replacements.get(place));
        let Some((one, rest)) = one.and_then(|one| Some((one, name.strip_prefix(&one.hidden)?))) else { continue };
        if is_planned(one, &name) {
            continue;
        }
        let new = shortened(one.place.name.as_str(), rest);
        let in_schema: bool = row.get(4);
        if !in_schema || used.insert((schema.clone(), new.clone())) {
            found.push((in_schema, schema, new, statement));
        }
    }
    let (schemas, names): (Vec<&str>, Vec<&str>) =
        found.iter().map(|(_, schema, name, _)| (schema.as_str(), name.as_str())).unzip();
    let mut taken: BTreeSet<(String, String)> = BTreeSet::new();
    if !found.is_empty() {
        let rows = session.query(include_str!("sql/taken.sql"), &[&schemas, &names, &olds], doing).await?;
        taken.extend(rows.iter().map(|row| (row.get(0), row.get(1))));
    }
    let free = |(in_schema, schema, name, _): &&(bool, String, String, String)| {
        !in_schema || !taken.contains(&(schema.clone(), name.clone()))
    };
    let rename =
        |(_, _, name, statement): &(bool, String, String, String)| format!("{statement} {}", Ident::new(name.as_str()));
    Ok(found.iter().filter(free).map(rename).collect())
}

/// Whether it is one of those that have an old name.
fn is_planned(one: &Replacement, name: &str) -> bool {
    (0..one.kept.indexes.len()).any(|number| one.index_name(number) == name)
        || one.kept.columns.iter().filter_map(|column| one.sequence_of(column)).any(|(planned, _)| planned == name)
}

/// The table's name with that end, cut so that both fit.
fn shortened(table: &str, end: &str) -> String {
    let mut table = table.to_owned();
    while table.len() + end.len() > LONGEST && table.pop().is_some() {}
    format!("{table}{end}")
}
