//! Every built-in type, what can be made of them, and the values that are hard to carry, between every two versions.
//!
//! A short round is always run: for each pair of versions, tables that together have a column of every built-in type and
//! of an array of it. `WINDLASS_TEST_CASES` is the number of tables for each pair, `WINDLASS_TEST_SEED` what all chance
//! comes from.

mod deal;
mod random;
mod samples;
mod shape;
mod table;

use std::collections::BTreeSet;

use rand::RngExt as _;
use windlass::domain::step::{CopySwap, CopyVerify};
use windlass::postgres::Ident;

use super::Copy;
use crate::support::{TestDatabase, TestServer, flags, servers};
use deal::Deal;
use table::{KEY, Table};

/// Tables for each pair of versions.
const CASES: u64 = 6;

/// How values are written when they are compared.
const SETTINGS: &str = "set datestyle = 'ISO, YMD'; set intervalstyle = 'postgres'; set extra_float_digits = 3; \
                        set bytea_output = 'hex'; set lc_monetary = 'C'; set timezone = 'UTC'";

#[tokio::test]
async fn every_type_arrives_as_it_was() {
    let (cases, seed) = (flags::number("WINDLASS_TEST_CASES", CASES), flags::seed());
    let (mut formats, mut pair, servers) = (BTreeSet::new(), 0, servers());
    for source in &servers {
        for target in &servers {
            let mut deal = Deal::new(source, target, seed + pair).await;
            pair += 1;
            for case in 0..cases {
                flags::note(&format!("PostgreSQL {} to {}, table {case}", source.major(), target.major()));
                let table = deal.table(case);
                let types = deal.maker.statements.join(";");
                let there = if case % 3 == 0 { table.shuffled(&mut deal.maker) } else { String::new() };
                let how = How { in_place: deal.maker.rng.random(), checksum: deal.maker.rng.random() };
                formats.insert(copied([source, target], &table, &types, &there, how).await);
            }
        }
    }
    assert_eq!(formats, BTreeSet::from(["binary".to_owned(), "text".to_owned()]));
}

/// How a table is copied.
#[derive(Clone, Copy)]
struct How {
    in_place: bool,
    checksum: bool,
}

/// Copies the table and compares both sides; returns the format that was chosen.
async fn copied(servers: [&TestServer; 2], table: &Table, types: &str, there: &str, how: How) -> String {
    let source_sql = format!("{SETTINGS};{types};{}", table.statements());
    let name = Ident::new(table.name.as_str()).to_string();
    let mut copy = Copy::between(servers, &name, &name, &source_sql, &format!("{SETTINGS};{types};{there}")).await;
    copy.step.swap = if how.in_place { CopySwap::InPlace } else { CopySwap::Rename };
    copy.step.verify = if how.checksum { CopyVerify::Checksum } else { CopyVerify::Rows };
    let outcome = copy.run().await.unwrap_or_else(|failure| panic!("{failure:?}"));
    assert_eq!(outcome.rows, Some(table.row_count()));
    for column in table.columns() {
        let (was, is) = tokio::join!(content(&copy.source, table, column), content(&copy.target, table, column));
        assert_eq!(was, is, "`{column}`");
    }
    copy.assert_nothing_left().await;
    copy.close().await;
    outcome.format.unwrap()
}

/// The column's type and collation, then its values in the order of the key. Of a domain, the type below it.
async fn content(side: &TestDatabase, table: &Table, column: &str) -> Vec<String> {
    let (table, column) = (Ident::new(table.name.as_str()), Ident::new(column));
    // A row of the value: its text tells NULL, the empty text and a row of NULLs apart.
    let query = format!(
        "with recursive type(oid, modifier, collation_name) as (
           select atttypid, atttypmod, attcollation::regcollation::text from pg_attribute
           where attrelid = $1::text::regclass and quote_ident(attname) = quote_ident($2)
           union all
           select typbasetype, case when modifier = -1 then typtypmod else modifier end, collation_name
           from type join pg_type using (oid) where typtype = 'd')
         select -1 as place, format_type(oid, modifier) || ' ' || collation_name as content
         from type join pg_type using (oid) where typtype <> 'd'
         union all
         select {key}, case when length(text) < 10000 then text else md5(text) || ' is its md5, ' || left(text, 300) end
         from (select {key}, row({column})::text from {table} offset 0) as content({key}, text) order by place",
        key = Ident::new(KEY),
    );
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 2] = [&table.to_string(), &column.as_str()];
    side.admin().query(&query, &params).await.unwrap().iter().map(|row| row.get(1)).collect()
}
