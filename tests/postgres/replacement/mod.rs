//! New tables that take the places of others: what they are like, and how they get there.

mod drift;
mod like_old;
mod many;
mod rights;
mod swap;
mod together;

use windlass::domain::ids::TableName;
use windlass::postgres::replacement::{Coming, Replacement, Wanted, complete, places, plan, swap};
use windlass::postgres::{PgError, Session};

use crate::support::{TestDatabase, server};

/// A database made ready by those statements, and a session in it.
async fn prepared(sql: &str) -> (TestDatabase, Session) {
    let database = server().database().await;
    let session = database.server().connect("replacement").await.unwrap();
    session.execute(sql, "preparing").await.unwrap();
    (database, session)
}

/// One value as text; empty if it is null.
async fn text(session: &Session, sql: &str) -> String {
    let row = session.query_one(&format!("select ({sql})::text"), &[], "asking").await.unwrap();
    row.get::<_, Option<String>>(0).unwrap_or_default()
}

/// Plans new tables under the names `hidden_0`, `hidden_1`, …
async fn planned(session: &Session, tables: &[(&str, Coming)]) -> Result<Vec<Replacement>, PgError> {
    let names: Vec<TableName> = tables.iter().map(|(table, _)| TableName::parse(table).unwrap()).collect();
    let places = places(session, &names).await?;
    let wanted = places.into_iter().zip(tables).enumerate().map(|(number, (place, (_, coming)))| Wanted {
        place,
        hidden: format!("hidden_{number}"),
        coming: coming.clone(),
        unlogged: false,
        indexes: true,
    });
    plan(session, &wanted.collect::<Vec<_>>()).await
}

/// Rows that fit the table that is there.
fn alike() -> Coming {
    Coming::Like { otherwise: "a int".to_owned() }
}

/// Makes the tables, fills them by those statements, and swaps them in.
async fn carry_out(session: &Session, planned: &[Replacement], fill: &str) -> Result<(), PgError> {
    let create: Vec<String> = planned.iter().map(Replacement::create).collect();
    session.execute(&format!("begin; {}", create.join("; ")), "making the tables").await?;
    session.execute(&format!("{fill}; commit"), "filling the tables").await?;
    complete(session, planned).await?;
    swap(session, planned).await
}

/// Replaces tables by others like them.
async fn replace(session: &Session, tables: &[&str], fill: &str) -> Result<Vec<Replacement>, PgError> {
    let wanted: Vec<(&str, Coming)> = tables.iter().map(|table| (*table, alike())).collect();
    let planned = planned(session, &wanted).await?;
    carry_out(session, &planned, fill).await?;
    Ok(planned)
}
