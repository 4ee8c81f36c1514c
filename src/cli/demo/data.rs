//! The databases that the jobs expect: a shop's orders, made once, and an empty warehouse.

use crate::cli::error::CliError;
use crate::domain::failure::Side;
use crate::postgres::embedded::Embedded;
use crate::postgres::{PgError, Session};

/// Orders in the shop's database.
pub(super) const ORDERS: u64 = 1_200_000;

/// One transaction, so that a table that is there is whole.
const MAKE_ORDERS: &str = r#"
    create table "주문_내역" as
    select n as id,
           '고객_' || lpad((n * 7919 % 50000)::text, 5, '0') as customer,
           (n * 37 % 1000000)::numeric / 100 as amount,
           timestamptz '2026-01-01 00:00:00+09' + n * interval '20 seconds' as ordered_at,
           (array['사과', '배', '포도', '딸기', '귤'])[n % 5 + 1] as "상품명",
           (array['결제', '배송중', '배송완료'])[n % 3 + 1] as "배송_상태"
    from generate_series(1::bigint, $ROWS) as n;
    alter table "주문_내역" add primary key (id);
"#;

/// The schemas that the jobs write to.
const MAKE_WAREHOUSE: &str = "
    create schema if not exists staging;
    create schema if not exists mart;
";

/// Makes what isn't there yet; says whether the orders had to be made.
pub(super) async fn prepare(embedded: &Embedded) -> Result<bool, CliError> {
    let warehouse = connect(embedded, "warehouse").await?;
    run(&warehouse, "preparing the warehouse", MAKE_WAREHOUSE).await?;
    warehouse.close().await;
    let source = connect(embedded, "source").await?;
    let doing = "looking for the orders";
    let there =
        source.query_opt(r#"select to_regclass('"주문_내역"') is not null"#, &[], doing).await.map_err(failed)?;
    let there = there.is_some_and(|row| row.get(0));
    if !there {
        run(&source, "making the orders", &MAKE_ORDERS.replace("$ROWS", &ORDERS.to_string())).await?;
        run(&source, "analysing the orders", r#"vacuum analyze "주문_내역""#).await?;
    }
    source.close().await;
    Ok(!there)
}

async fn connect(embedded: &Embedded, database: &str) -> Result<Session, CliError> {
    embedded.server(database).connect("windlass demo").await.map_err(failed)
}

async fn run(session: &Session, doing: &str, statements: &str) -> Result<(), CliError> {
    session.client().batch_execute(statements).await.map_err(|error| failed(PgError::new(doing, &error)))
}

fn failed(error: PgError) -> CliError {
    error.on(Side::Internal).into()
}
