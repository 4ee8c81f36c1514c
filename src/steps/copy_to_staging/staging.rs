//! The target's side: the new tables, planned before any row moves.
//!
//! A table that is replaced gets a successor like it. Rows that go into a table that stays are collected in a bare table
//! first, so that the transaction that changes the table is short and doesn't depend on the source.

use std::collections::BTreeMap;

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::ids::TableName;
use crate::domain::step::{CopyStep, CopySwap, CopyTarget, LoadMode};
use crate::postgres::replacement::{self, Coming, Replacement, Wanted};
use crate::postgres::{Column, Ident, PgError, Place, QualifiedName, Session};
use crate::steps::StepContext;

use super::format;
use super::table::{Staging, Table};
use crate::steps::reading::part::Part;
use crate::steps::reading::source::{Rows, Source};

/// The names of the staging tables, one for each source.
pub(super) fn names(step: &CopyStep, sources: &[Source], context: &StepContext) -> Result<Vec<TableName>, Failure> {
    let schema = match &step.target {
        CopyTarget::Table(table) => return Ok(vec![context.table(table)?]),
        CopyTarget::Schema(schema) => context.scope.text(schema)?,
    };
    let mut names: Vec<TableName> = Vec::with_capacity(sources.len());
    for source in sources {
        let Rows::Relation { table, .. } = &source.rows else {
            return Err(Failure::bug("a query has no name to be staged under"));
        };
        let name = TableName { schema: Some(schema.clone()), name: table.name.as_str().to_owned() };
        if let Some(other) = names.iter().position(|other| *other == name) {
            let message = format!("{} and {} would both go into {name}", sources[other].name, source.name);
            return Err(Failure::permanent(Code::CopyShape, Side::Target, message)
                .with_hint("copy one of them in a step of its own, into another schema"));
        }
        names.push(name);
    }
    Ok(names)
}

/// All that is to be copied, and the plans of those new tables that take others' places.
pub(super) struct Plan {
    pub(super) tables: Vec<Table>,
    pub(super) replacements: Vec<Replacement>,
}

/// Plans the new tables.
pub(super) async fn plan(
    step: &CopyStep,
    sources: Vec<Source>,
    parts: Vec<Vec<Part>>,
    targets: Vec<(TableName, Place)>,
    session: &Session,
    context: &StepContext,
) -> Result<Plan, Failure> {
    let swapped = step.mode == LoadMode::Replace && step.swap == CopySwap::Rename;
    let places: Vec<Place> = targets.iter().map(|(_, place)| place.clone()).collect();
    let look = async {
        let types = format::target_types(session, &sources).await?;
        if swapped {
            let planned = replacement::plan(session, &wanted(step, &sources, &places, context)).await?;
            Ok((types, planned, Vec::new(), BTreeMap::new()))
        } else {
            // A table that isn't there yet will be like the one that its first rows are collected in.
            let mut fresh = wanted(step, &sources, &places, context);
            fresh.retain(|one| one.place.oid.is_none());
            for one in &mut fresh {
                one.unlogged = true;
            }
            let fresh = replacement::plan(session, &fresh).await?;
            Ok((types, Vec::new(), fresh, existing(session, &places).await?))
        }
    };
    let (types, replacements, fresh, stays) = session.run_until(&context.stop, Side::Target, look).await?;
    for replacement in &replacements {
        tell(replacement, context);
    }
    let mut tables = Vec::with_capacity(sources.len());
    for (at, ((source, parts), (table, place))) in sources.into_iter().zip(parts).zip(targets).enumerate() {
        let hidden = context.hidden_name(at);
        let into = place.oid.and_then(|oid| stays.get(&oid).cloned()).unwrap_or_default();
        let (create, stages) = if let Some(replacement) = replacements.get(at) {
            (replacement.create(), replacement.afterwards())
        } else if let Some(fresh) = fresh.iter().find(|fresh| fresh.hidden().name.as_str() == hidden) {
            (fresh.create(), Vec::new())
        } else {
            check_fit(&source, &place, &into, context)?;
            (bare(&place.beside(&hidden), &source, &into), Vec::new())
        };
        let into = into.into_iter().map(|(name, column)| (name, column.sql_type)).collect();
        let format = format::choose(&source, &into, &types);
        let staging = Staging {
            table,
            hidden,
            create,
            stages: stages.into_iter().filter(|stage| !stage.is_empty()).collect(),
            columns: source.columns.iter().map(|column| column.name.clone()).collect(),
            swapped,
            place,
        };
        tables.push(Table { source, parts, format, staging });
    }
    Ok(Plan { tables, replacements })
}

fn wanted(step: &CopyStep, sources: &[Source], places: &[Place], context: &StepContext) -> Vec<Wanted> {
    let wanted = |(at, (source, place)): (usize, (&Source, &Place))| Wanted {
        place: place.clone(),
        hidden: context.hidden_name(at),
        coming: Coming::Columns(source.columns.clone()),
        unlogged: step.unlogged,
        indexes: true,
    };
    sources.iter().zip(places).enumerate().map(wanted).collect()
}

fn tell(replacement: &Replacement, context: &StepContext) {
    let full = replacement.place().full();
    for difference in replacement.drift() {
        context.warn(format!("{full}: {difference}"));
    }
    if !replacement.lost().is_empty() {
        let lost = replacement.lost().join(", ");
        context.warn(format!("{full}: goes with the old table and is not made again: {lost}"));
    }
}

/// A column of a table that stays.
#[derive(Clone, Debug)]
struct Existing {
    sql_type: String,
    /// Whether a row can do without it.
    optional: bool,
    generated: bool,
}

type Columns = BTreeMap<String, Existing>;

/// The columns of tables that stay, by the tables' object identifiers.
async fn existing(session: &Session, places: &[Place]) -> Result<BTreeMap<u32, Columns>, PgError> {
    let oids: Vec<u32> = places.iter().filter_map(|place| place.oid).collect();
    let mut tables: BTreeMap<u32, Columns> = BTreeMap::new();
    if oids.is_empty() {
        return Ok(tables);
    }
    let find = "select attrelid, attname, format_type(atttypid, atttypmod), \
                       not attnotnull or atthasdef or attidentity <> '', attgenerated <> '' \
                from pg_attribute where attrelid = any($1::oid[]) and attnum > 0 and not attisdropped";
    for row in session.query(find, &[&oids], "looking at the staging tables").await? {
        let column = Existing { sql_type: row.get(2), optional: row.get(3), generated: row.get(4) };
        tables.entry(row.get(0)).or_default().insert(row.get(1), column);
    }
    Ok(tables)
}

/// What stays must be able to take the rows.
fn check_fit(source: &Source, place: &Place, into: &Columns, context: &StepContext) -> Result<(), Failure> {
    if place.oid.is_none() {
        return Ok(());
    }
    let full = place.full();
    let shape =
        |message: String, hint: &str| Err(Failure::permanent(Code::CopyShape, Side::Target, message).with_hint(hint));
    let coming = |name: &String| source.columns.iter().find(|column| column.name == *name);
    let unknown: Vec<String> = source
        .columns
        .iter()
        .filter(|column| into.get(&column.name).is_none_or(|there| there.generated))
        .map(|column| format!("`{}` ({})", column.name, column.sql_type))
        .collect();
    if !unknown.is_empty() {
        let message = format!("{full} has no place for these columns of {}: {}", source.name, unknown.join(", "));
        return shape(message, "add them to the staging table, or leave them out with `columns`");
    }
    for (name, there) in into {
        match coming(name) {
            Some(column) if column.sql_type != there.sql_type => {
                context.warn(format!("{full}: column `{name}` is {}, not {}", there.sql_type, column.sql_type));
            }
            None if !there.optional => {
                let message = format!("{full}: column `{name}` needs a value that {} does not have", source.name);
                return shape(message, "give the column a default, or let it be null");
            }
            None if !there.generated => context.warn(format!("{full}: column `{name}` is not in the source")),
            _ => {}
        }
    }
    Ok(())
}

/// Makes a bare table for rows on their way, of the types that they will have in the end.
fn bare(new: &QualifiedName, source: &Source, into: &Columns) -> String {
    let column = |column: &Column| {
        let name = Ident::new(column.name.as_str());
        match into.get(&column.name) {
            Some(there) => format!("{name} {}", there.sql_type),
            None if column.not_null => format!("{name} {} not null", column.sql_type),
            None => format!("{name} {}", column.sql_type),
        }
    };
    let columns = source.columns.iter().map(column).collect::<Vec<_>>().join(", ");
    format!("create unlogged table {new} ({columns})")
}
