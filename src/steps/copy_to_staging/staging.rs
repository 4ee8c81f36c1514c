//! The target's side: what the new staging table looks like, and how the rows go into it.
//!
//! A staging table that has the source's columns already keeps its defaults, constraints and indexes. Otherwise the
//! source's columns win, and every difference is told.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::postgres::{self, Column, Ident, PgError, Place, QualifiedName, Session};
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
    /// Where it will stand.
    place: Place,
    /// What stands between the parentheses of CREATE TABLE.
    definition: String,
    /// How the rows go into it.
    pub(super) format: Format,
    /// The columns that COPY fills, quoted.
    pub(super) column_list: String,
}

impl Staging {
    /// The table's full name under another name in its schema.
    pub(super) fn beside(&self, hidden: &str) -> QualifiedName {
        self.place.beside(hidden)
    }

    /// The same error, with the table's own name for its hidden one.
    pub(super) fn speak(&self, mut error: PgError, hidden: &str) -> PgError {
        let own = |text: &String| text.replace(hidden, self.place.name.as_str());
        error.message = own(&error.message);
        error.doing = own(&error.doing);
        error.detail = error.detail.as_ref().map(own);
        error.context = error.context.as_ref().map(own);
        error
    }
}

/// What the source's types are on the target.
struct TargetType {
    oid: Option<u32>,
    collation_known: bool,
}

/// Plans the new table for the source's columns.
pub(super) async fn plan(
    session: &Session,
    place: &Place,
    source: &Source,
    context: &StepContext,
) -> Result<Staging, Failure> {
    check_names(source)?;
    let look = async {
        let types = types(session, &source.columns).await?;
        let now = existing(session, place).await?;
        Ok::<_, PgError>((types, now))
    };
    let (types, now) = session.run_until(&context.stop, Side::Target, look).await?;
    check_types(source, &types)?;
    let same = now.as_ref().is_some_and(|now| differences(now, &source.columns).is_empty());
    let full = place.full();
    let definition = if same {
        format!("like {full} including all")
    } else {
        for difference in now.iter().flat_map(|now| differences(now, &source.columns)) {
            context.warn(format!("{full}: {difference}"));
        }
        define(source, &types, context)
    };
    let binary = source
        .columns
        .iter()
        .zip(&types)
        .all(|(column, on_target)| column.portable_binary && on_target.oid == Some(column.type_oid));
    let names: Vec<_> = source.columns.iter().map(|column| Ident::new(column.name.as_str()).to_string()).collect();
    Ok(Staging {
        place: place.clone(),
        definition,
        format: if binary { Format::Binary } else { Format::Text },
        column_list: names.join(", "),
    })
}

/// Begins the transaction that the rows will come in with, and makes the table in it: whatever ends the session ends
/// the table, and COPY may write rows that need no second visit by vacuum.
pub(super) async fn create(session: &Session, staging: &Staging, hidden: &str, unlogged: bool) -> Result<(), PgError> {
    let name = staging.beside(hidden);
    let unlogged = if unlogged { "unlogged " } else { "" };
    let statement = format!("begin; create {unlogged}table {name} ({})", staging.definition);
    let doing = format!("making a new table for {}", staging.place.full());
    session.execute(&statement, doing).await.map_err(|error| staging.speak(error, hidden))?;
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

fn check_types(source: &Source, types: &[TargetType]) -> Result<(), Failure> {
    let missing: Vec<String> = source
        .columns
        .iter()
        .zip(types)
        .filter(|(_, on_target)| on_target.oid.is_none())
        .map(|(column, _)| format!("`{}` of column `{}`", column.sql_type, column.name))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let message = format!("types of {} that the target does not have: {}", source.name, missing.join(", "));
    Err(Failure::permanent(Code::CopyShape, Side::Target, message)
        .with_hint("create the type (or its extension) on the target, or cast the column in a `query`"))
}

/// The source's types and collations, looked up on the target.
async fn types(session: &Session, columns: &[Column]) -> Result<Vec<TargetType>, PgError> {
    let find = "
        select to_regtype(d.type)::oid,
               d.schema is null or exists (
                 select from pg_collation c join pg_namespace n on n.oid = c.collnamespace
                 where n.nspname = d.schema and c.collname = d.collation_name
                   and c.collencoding in (-1, (select encoding from pg_database where datname = current_database())))
        from unnest($1::text[], $2::text[], $3::text[]) with ordinality as d(type, schema, collation_name, place)
        order by d.place";
    let names: Vec<&str> = columns.iter().map(|column| column.sql_type.as_str()).collect();
    let schemas: Vec<Option<&str>> =
        columns.iter().map(|one| one.collation.as_ref().map(|(schema, _)| schema.as_str())).collect();
    let collations: Vec<Option<&str>> =
        columns.iter().map(|one| one.collation.as_ref().map(|(_, name)| name.as_str())).collect();
    let rows = session.query(find, &[&names, &schemas, &collations], "looking for the source's types").await?;
    Ok(rows.iter().map(|row| TargetType { oid: row.get(0), collation_known: row.get(1) }).collect())
}

/// The columns of the staging table as it is now, without generated ones.
async fn existing(session: &Session, place: &Place) -> Result<Option<Vec<Column>>, PgError> {
    if place.oid.is_none() {
        return Ok(None);
    }
    let full = place.full();
    let query = format!("select * from {full}");
    let mut columns = postgres::columns(session, &query, &format!("looking at {full}")).await?;
    columns.retain(|column| !column.generated);
    Ok(Some(columns))
}

/// How the staging table's columns differ from the source's, in words. The order doesn't matter.
fn differences(now: &[Column], source: &[Column]) -> Vec<String> {
    let was: BTreeMap<&str, &str> = now.iter().map(|one| (one.name.as_str(), one.sql_type.as_str())).collect();
    let will: BTreeMap<&str, &str> = source.iter().map(|one| (one.name.as_str(), one.sql_type.as_str())).collect();
    let gone = was.keys().filter(|name| !will.contains_key(*name));
    let mut told: Vec<String> = gone.map(|name| format!("column `{name}` is not in the source and goes")).collect();
    for (name, new) in &will {
        match was.get(name) {
            None => told.push(format!("column `{name}` ({new}) is new")),
            Some(old) if old != new => told.push(format!("column `{name}` changes from {old} to {new}")),
            Some(_) => {}
        }
    }
    told
}

/// A new table's columns as the source has them.
fn define(source: &Source, types: &[TargetType], context: &StepContext) -> String {
    let column = |(column, on_target): (&Column, &TargetType)| {
        let mut text = format!("{} {}", Ident::new(column.name.as_str()), column.sql_type);
        if let Some((schema, name)) = &column.collation {
            let collation =
                QualifiedName { schema: Some(Ident::new(schema.as_str())), name: Ident::new(name.as_str()) };
            if on_target.collation_known {
                text = format!("{text} collate {collation}");
            } else {
                context.warn(format!("column `{}`: the target has no collation {collation}", column.name));
            }
        }
        if column.not_null { format!("{text} not null") } else { text }
    };
    source.columns.iter().zip(types).map(column).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, sql_type: &str) -> Column {
        Column {
            name: name.to_owned(),
            sql_type: sql_type.to_owned(),
            type_oid: 0,
            portable_binary: true,
            not_null: false,
            generated: false,
            collation: None,
        }
    }

    #[test]
    fn differences_name_each_column_and_ignore_the_order() {
        let now = [column("나", "text"), column("a", "integer"), column("old", "date")];
        assert!(differences(&now, &[now[2].clone(), now[0].clone(), now[1].clone()]).is_empty());
        assert_eq!(
            differences(&now, &[column("a", "bigint"), column("나", "text"), column("x", "date")]),
            [
                "column `old` is not in the source and goes",
                "column `a` changes from integer to bigint",
                "column `x` (date) is new",
            ]
        );
    }
}
