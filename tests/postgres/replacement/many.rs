//! Many tables at once.

use std::io::Write as _;
use std::time::Instant;

use windlass::domain::ids::TableName;
use windlass::postgres::replacement::{Coming, Replacement, Wanted, complete, places, plan, swap};

use super::prepared;

/// How many tables: as in a copy of a whole schema.
const TABLES: usize = 500;

#[tokio::test]
async fn hundreds_of_tables_cost_a_few_queries() {
    let (database, session) = prepared(&format!(
        "do $$ begin for n in 1..{TABLES} loop
           execute format('create table t%s (id int primary key, b text not null default ''x'', c numeric(12,2), d timestamptz)', n);
           execute format('create index on t%s (d)', n);
           execute format('comment on table t%s is ''the %s.''; grant select on t%s to public', n, n, n);
         end loop; end $$"
    ))
    .await;
    let names: Vec<TableName> = (1..=TABLES).map(|n| TableName::parse(&format!("t{n}")).unwrap()).collect();
    let begun = Instant::now();
    let mut told = Vec::new();
    let mut lap = |what: &str| told.push(format!("{what} at {:?}", begun.elapsed()));
    let places = places(&session, &names).await.unwrap();
    lap("places");
    let coming = || async { windlass::postgres::columns(&session, "select * from t1", "looking").await.unwrap() };
    let columns = coming().await;
    let wanted = places.into_iter().enumerate().map(|(number, place)| Wanted {
        place,
        hidden: format!("hidden_{number}"),
        coming: Coming::Columns(columns.clone()),
        unlogged: false,
        indexes: true,
    });
    let planned = plan(&session, &wanted.collect::<Vec<_>>()).await.unwrap();
    assert!(planned.iter().all(|one| one.drift().is_empty() && one.lost().is_empty() && one.binary()));
    lap("planned");
    let create: Vec<String> = planned.iter().map(Replacement::create).collect();
    session.execute(&create.join("; "), "making the tables").await.unwrap();
    lap("made");
    complete(&session, &planned).await.unwrap();
    lap("completed (one session)");
    swap(&session, &planned).await.unwrap();
    lap("swapped");
    let told = format!("{TABLES} tables: {}\n", told.join(", "));
    std::io::stderr().write_all(told.as_bytes()).unwrap();
    let good = "select count(*) from pg_class c join pg_index i on i.indrelid = c.oid \
                where c.relname ~ '^t[0-9]+$' and obj_description(c.oid) ~ '^the' and relacl is not null";
    assert_eq!(database.value(good).await, (2 * TABLES).to_string());
    assert_eq!(database.value("select count(*) from pg_class where relname like 'hidden%'").await, "0");
    database.close().await;
}
