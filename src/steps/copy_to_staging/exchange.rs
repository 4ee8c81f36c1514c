//! Rows into tables that stay: one transaction exchanges them, adds them, or replaces them by key.
//!
//! The rows are here already, in bare tables of the same server; so the transaction holds its locks for no longer than
//! an INSERT takes, and nothing that happens to the source can break it.

use crate::domain::code::Code;
use crate::domain::failure::{Failure, Side};
use crate::domain::step::LoadMode;
use crate::postgres::replacement::{LockMode, TableLock, begin_locked};
use crate::postgres::{Ident, PgError, Session};
use crate::steps::marker::{self, Mark};
use crate::steps::{StepContext, rows};

use super::table::{self, Table};
use crate::steps::reading::rate::Copied;

/// How a table that stays takes its new rows.
enum Change {
    /// All rows are exchanged.
    Truncate,
    /// All rows are exchanged one by one by this key, because other tables refer to them.
    Merge(Vec<String>),
    /// Rows are added.
    Append,
    /// Rows are added, or replace those of the same key.
    Upsert(Vec<String>),
}

/// Puts the rows of all new tables into those that stay, in one transaction, with a marker where they can't be put
/// there twice without harm.
pub(super) async fn exchange(
    mode: LoadMode,
    key: &[String],
    tables: &[Table],
    copied: &[Copied],
    session: &Session,
    context: &StepContext,
) -> Result<(), Failure> {
    let stop = &context.stop;
    let mut changes = Vec::with_capacity(tables.len());
    for table in tables {
        let change = change(mode, key, table, session);
        changes.push(session.run_until(stop, Side::Target, change).await?);
        if mode == LoadMode::Upsert {
            check_key(table, key, session, context).await?;
        }
    }
    let marks = match (mode, tables.first()) {
        (LoadMode::Append | LoadMode::Upsert, Some(first)) => {
            let prepared = marker::prepare(session, &first.staging.place);
            let markers = session.run_until(stop, Side::Target, prepared).await?;
            Mark::of(context).leave(&markers, copied.iter().map(|copied| copied.rows).sum())
        }
        _ => Vec::new(),
    };
    let work = async {
        begin_locked(session, &locks(tables, &changes), "locking the staging tables").await?;
        for (table, change) in tables.iter().zip(&changes) {
            let doing = format!("putting the rows into {}", table.staging.table);
            for statement in statements(table, change) {
                session.execute(&statement, doing.as_str()).await.map_err(|error| table.staging.speak(error))?;
            }
        }
        for mark in &marks {
            session.execute(mark, "leaving the marker").await?;
        }
        session.execute("commit", "committing the new rows").await.map(drop)
    };
    session.run_until(stop, Side::Target, work).await
}

async fn change(mode: LoadMode, key: &[String], table: &Table, session: &Session) -> Result<Change, PgError> {
    Ok(match mode {
        LoadMode::Append => Change::Append,
        LoadMode::Upsert => Change::Upsert(key.to_vec()),
        LoadMode::Replace => {
            let doing = format!("looking what refers to {}", table.staging.table);
            let row = session.query_one(REFERRED, &[&table.staging.place.oid], doing).await?;
            let (referred, key): (bool, Option<Vec<String>>) = (row.get(0), row.get(1));
            let key = key.filter(|key| key.iter().all(|name| table.staging.columns.contains(name)));
            match (referred, key) {
                (true, Some(key)) => Change::Merge(key),
                // The server says what it is that TRUNCATE can't do.
                _ => Change::Truncate,
            }
        }
    })
}

/// Whether other tables have foreign keys to the table, and the columns of its primary key.
const REFERRED: &str = "
    select exists (select from pg_constraint where confrelid = $1 and contype = 'f' and conrelid <> $1),
           (select array_agg(a.attname::text order by k.place)
              from pg_index i cross join unnest(i.indkey::int2[]) with ordinality as k(number, place)
                   join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number
             where i.indrelid = $1 and i.indisprimary)";

/// Rows that can't be told apart by the key would leave it to chance which of them stays.
async fn check_key(table: &Table, key: &[String], session: &Session, context: &StepContext) -> Result<(), Failure> {
    let name = &table.staging.table;
    if let Some(unknown) = key.iter().find(|name| !table.staging.columns.contains(name)) {
        let message = format!("{name}: column `{unknown}` of the key is not in the source");
        return Err(Failure::permanent(Code::CopyShape, Side::Source, message));
    }
    let list = rows::list(key);
    let nothing = key.iter().map(|name| format!("{} is null", Ident::new(name.as_str()))).collect::<Vec<_>>();
    let look = format!(
        "select row({list})::text, count(*) from {} group by {list} having count(*) > 1 or {} limit 1",
        table.staging.new_name(),
        nothing.join(" or ")
    );
    let found = session.query_opt(&look, &[], format!("looking for keys that {name} would have twice"));
    let Some(row) = session.run_until(&context.stop, Side::Target, found).await? else { return Ok(()) };
    let (value, count): (String, i64) = (row.get(0), row.get(1));
    let problem = if count > 1 { format!("{count} rows of") } else { "a row without a value in".to_owned() };
    let message = format!("{name}: the source has {problem} key ({list}) = {value}");
    Err(Failure::permanent(Code::CopyShape, Side::Source, message)
        .with_hint("name a key that tells all rows apart, or let a `query` choose among them"))
}

fn locks(tables: &[Table], changes: &[Change]) -> Vec<TableLock> {
    let mode = |change: &Change| match change {
        Change::Truncate => LockMode::AccessExclusive,
        // Nobody may add a row of a new key between the two statements.
        Change::Merge(_) | Change::Upsert(_) => LockMode::ShareRowExclusive,
        Change::Append => LockMode::RowExclusive,
    };
    let there = tables.iter().zip(changes).filter(|(table, _)| table.staging.place.oid.is_some());
    there.map(|(table, change)| (table.staging.place.full(), mode(change))).collect()
}

fn statements(table: &Table, change: &Change) -> Vec<String> {
    let (full, new) = (table.staging.place.full().to_string(), table.staging.new_name().to_string());
    let columns = &table.staging.columns;
    let mut all = Vec::new();
    if table.staging.place.oid.is_none() {
        // Another run that found none either may have made it meanwhile: the second waits for the first.
        all.extend([rows::wait_for_maker(&full), format!("create table if not exists {full} (like {new})")]);
    }
    let dialect = rows::Dialect::Postgres;
    match change {
        Change::Truncate => {
            all.push(format!("truncate {full}"));
            all.push(rows::insert(dialect, &full, &new, columns));
        }
        Change::Merge(key) => {
            all.push(table::analyze(&table.staging.new_name()));
            all.push(rows::delete_gone(&full, &new, key));
            all.extend(rows::upsert(dialect, &full, &new, columns, key));
        }
        Change::Append => all.push(rows::insert(dialect, &full, &new, columns)),
        Change::Upsert(key) => {
            all.push(table::analyze(&table.staging.new_name()));
            all.extend(rows::upsert(dialect, &full, &new, columns, key));
        }
    }
    all.push(table::analyze(&table.staging.place.full()));
    all.push(format!("drop table {new}"));
    all
}
