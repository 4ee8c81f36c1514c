//! The columns of a query's result: names, types in SQL's words, and what a copy of them needs to know.

use super::error::PgError;
use super::session::Session;

/// A column of a query's result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The name.
    pub name: String,
    /// The type with its modifiers, as SQL spells it: `numeric(12,2)`. Of a domain, the type below it.
    pub sql_type: String,
    /// The type's object identifier; below 16384 it means the same type on every server.
    pub type_oid: u32,
    /// Whether COPY's binary form of the type means the same on every server.
    pub portable_binary: bool,
    /// Whether the column of the table that it is taken from is NOT NULL. An outer join may still make it null.
    pub not_null: bool,
    /// Whether the column of the table that it is taken from is generated.
    pub generated: bool,
    /// Schema and name of the collation, where it isn't the type's own.
    pub collation: Option<(String, String)>,
}

/// Describes the columns of a query without running it.
pub async fn columns(session: &Session, query: &str, doing: &str) -> Result<Vec<Column>, PgError> {
    let failed = |error: tokio_postgres::Error| PgError::new(doing, &error);
    let statement = session.client().prepare(query).await.map_err(failed)?;
    let described = statement.columns();
    let types: Vec<u32> = described.iter().map(|column| column.type_().oid()).collect();
    let modifiers: Vec<i32> = described.iter().map(tokio_postgres::Column::type_modifier).collect();
    let tables: Vec<Option<u32>> = described.iter().map(tokio_postgres::Column::table_oid).collect();
    let numbers: Vec<Option<i16>> = described.iter().map(tokio_postgres::Column::column_id).collect();
    let rows = session.query(DESCRIBE, &[&types, &modifiers, &tables, &numbers], doing).await?;
    let told = described.iter().zip(types).zip(rows).map(|((column, type_oid), row)| Column {
        name: column.name().to_owned(),
        sql_type: row.get(0),
        type_oid,
        portable_binary: row.get(1),
        not_null: row.get(2),
        generated: row.get(3),
        collation: row.get::<_, Option<String>>(4).zip(row.get(5)),
    });
    Ok(told.collect())
}

/// Whether COPY's binary form of the built-in type `t`, whose elements are of type `element`, means the same on every
/// server.
///
/// Not so: names of objects go as object identifiers (`regclass`), money without its scale. No server takes an empty
/// `tsquery`, `int2vector` or `oidvector` in binary, though it writes one. User-defined types have other identifiers on
/// every server.
macro_rules! portable_in_binary {
    () => {
        "(t.oid < 16384 and element.typtype in ('b', 'r', 'm') and t.typsend <> 0 and t.typreceive <> 0
          and element.typname !~ '^reg' and element.typname not in ('money', 'aclitem', 'pg_node_tree', 'tsquery')
          and t.typname not in ('int2vector', 'oidvector', '_int2vector', '_oidvector'))"
    };
}

/// Joins the type of the elements of `t`: its own, if it is no array.
macro_rules! join_element {
    () => {
        "join pg_type element
           on element.oid = case when t.typcategory = 'A' and t.typelem <> 0 then t.typelem else t.oid end"
    };
}

pub(super) use {join_element, portable_in_binary};

const DESCRIBE: &str = concat!(
    "
    select format_type(t.oid, d.modifier), ",
    portable_in_binary!(),
    ",
           coalesce(a.attnotnull, false),
           coalesce(a.attgenerated <> '', false),
           n.nspname, c.collname
    from unnest($1::oid[], $2::int4[], $3::oid[], $4::int2[]) with ordinality
           as d(type, modifier, relation, number, place)
         join pg_type t on t.oid = d.type
         ",
    join_element!(),
    "
         left join pg_attribute a on a.attrelid = d.relation and a.attnum = d.number
         left join pg_collation c on c.oid = a.attcollation and a.attcollation <> t.typcollation
         left join pg_namespace n on n.oid = c.collnamespace
    order by d.place"
);
