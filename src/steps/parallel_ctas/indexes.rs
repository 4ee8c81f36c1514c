//! The indexes of the new table: built while it is hidden, named when it is visible.
//!
//! Names of indexes are shared by all tables of a schema, and the old table's indexes keep theirs until they go with it.
//! So a new index has a hidden name until then.

use crate::domain::failure::{Failure, Side};
use crate::domain::progress::Progress;
use crate::domain::step::{CtasIndex, IndexKey};
use crate::postgres::{Ident, PgError, Place, Session};
use crate::steps::StepContext;

/// Longest name in PostgreSQL, in bytes.
const LONGEST: usize = 63;

/// Where the numbers of hidden names of indexes begin: above those of tables, of which there is one an attempt.
const FIRST_NUMBER: usize = 100_000;

/// How many names are tried when the ones before are taken.
const TRIES: u32 = 20;

/// An index, rendered.
pub(super) struct Index {
    hidden: Ident,
    /// The name that it will have.
    name: String,
    /// Whether the job file gives the name; else it is only a suggestion.
    named: bool,
    primary_key: bool,
    unique: bool,
    /// What follows the table's name.
    rest: String,
}

/// Renders the indexes of a step.
pub(super) fn render(indexes: &[CtasIndex], place: &Place, context: &StepContext) -> Result<Vec<Index>, Failure> {
    let render = |(number, index): (usize, &CtasIndex)| {
        let (key, columns) = match &index.on {
            IndexKey::Columns(columns) => (list(columns), columns.join("_")),
            IndexKey::Sql(sql) => (context.scope.sql(sql)?, "expr".to_owned()),
        };
        let method = index.method.as_ref().map(|method| format!(" using {}", Ident::new(method)));
        let mut rest = format!("{} ({key})", method.unwrap_or_default());
        if !index.include.is_empty() {
            rest = format!("{rest} include ({})", list(&index.include));
        }
        if let Some(condition) = &index.condition {
            rest = format!("{rest} where {}", context.scope.sql(condition)?);
        }
        let table = place.name.as_str();
        let name = index.name.clone().unwrap_or_else(|| {
            if index.primary_key { made_name(table, "", "pkey") } else { made_name(table, &columns, "idx") }
        });
        Ok(Index {
            hidden: Ident::new(context.hidden_name(FIRST_NUMBER + number)),
            name,
            named: index.name.is_some(),
            primary_key: index.primary_key,
            unique: index.unique,
            rest,
        })
    };
    indexes.iter().enumerate().map(render).collect()
}

impl Index {
    /// The statement that builds it on a table under a hidden name.
    pub(super) fn build(&self, place: &Place, table: &str) -> String {
        let table = place.beside(table);
        if self.primary_key {
            return format!("alter table {table} add constraint {} primary key{}", self.hidden, self.rest);
        }
        let unique = if self.unique { "unique " } else { "" };
        format!("create {unique}index {} on {table}{}", self.hidden, self.rest)
    }

    /// The name that the job file gives.
    pub(super) fn given_name(&self) -> Option<&str> {
        self.named.then_some(self.name.as_str())
    }
}

/// Builds the indexes one after the other: each is built in parallel by the server itself.
pub(super) async fn build(
    indexes: &[Index],
    place: &Place,
    table: &str,
    session: &Session,
    context: &StepContext,
) -> Result<(), Failure> {
    for (number, index) in indexes.iter().enumerate() {
        let doing = format!("building index {} of {}: {}", number + 1, indexes.len(), index.name);
        context.host.progress(Progress::phase(doing.as_str()));
        let statement = index.build(place, table);
        let building = session.execute(&statement, doing.as_str());
        session.run_until(&context.stop, Side::Target, building).await?;
    }
    Ok(())
}

/// Gives indexes of the table that is now visible their names. One that got the name of an equal index of the old table
/// keeps that, unless the job file gives another.
pub(super) async fn name(indexes: &[Index], place: &Place, oids: &[u32], session: &Session) -> Result<(), PgError> {
    for (index, oid) in indexes.iter().zip(oids) {
        let doing = format!("naming index {}", index.name);
        let asked = "select relname::text from pg_class where oid = $1";
        let Some(row) = session.query_opt(asked, &[oid], doing.as_str()).await? else { continue };
        let now: String = row.get(0);
        if now == index.name || (!index.named && now != index.hidden.as_str()) {
            continue;
        }
        for number in 0..TRIES {
            let name = if number == 0 { index.name.clone() } else { numbered(&index.name, number) };
            let rename = format!("alter index {} rename to {}", place.beside(&now), Ident::new(name));
            match session.execute(&rename, doing.as_str()).await {
                Err(error) if error.is("42P07") && !index.named => {}
                done => {
                    done?;
                    break;
                }
            }
        }
    }
    Ok(())
}

/// Object identifiers of the indexes while they have their hidden names.
pub(super) async fn oids(indexes: &[Index], place: &Place, session: &Session) -> Result<Vec<u32>, PgError> {
    let names: Vec<String> = indexes.iter().map(|index| place.beside(index.hidden.as_str()).to_string()).collect();
    let sql = "select coalesce(to_regclass(name)::oid, 0) from unnest($1::text[]) with ordinality as n(name, place) \
               order by place";
    let rows = session.query(sql, &[&names], "looking for the new indexes").await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

fn list(columns: &[String]) -> String {
    columns.iter().map(|column| Ident::new(column).to_string()).collect::<Vec<_>>().join(", ")
}

/// A name as PostgreSQL makes it: `table_columns_idx`, both parts cut to what fits.
fn made_name(table: &str, columns: &str, label: &str) -> String {
    let separators = if columns.is_empty() { 1 } else { 2 };
    let room = LONGEST - label.len() - separators;
    let (mut first, mut second) = (table, columns);
    while first.len() + second.len() > room {
        // The longer one gives way, a whole character at a time.
        let longer = if first.len() > second.len() { &mut first } else { &mut second };
        let cut = longer.char_indices().next_back().map_or(0, |(at, _)| at);
        *longer = &longer[..cut];
    }
    if second.is_empty() { format!("{first}_{label}") } else { format!("{first}_{second}_{label}") }
}

/// Another name like it.
fn numbered(name: &str, number: u32) -> String {
    let digits = number.to_string();
    let mut end = name.len().min(LONGEST - digits.len());
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{digits}", &name[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_as_postgresql_makes_them_and_cut_between_characters() {
        assert_eq!(made_name("orders", "customer_at", "idx"), "orders_customer_at_idx");
        assert_eq!(made_name("orders", "", "pkey"), "orders_pkey");
        let table = "월".repeat(21);
        for name in [made_name(&table, "고객", "idx"), made_name(&table, &"객".repeat(21), "idx"), numbered(&table, 7)]
        {
            assert!(name.len() <= LONGEST && name.len() > 55, "{name}");
        }
    }
}
