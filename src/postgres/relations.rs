//! Tables, views and partitions as a reader sees them: found by name or pattern, described many at once.
//!
//! A step that copies hundreds of small tables spends its time on looking at them; so everything here is asked for all
//! of them together.

use crate::domain::ids::TableName;

use super::columns::{Column, join_element, portable_in_binary};
use super::error::{PgError, PgErrorKind};
use super::ident::QualifiedName;
use super::session::Session;

/// What a relation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelationKind {
    /// An ordinary table.
    Table,
    /// A partitioned table.
    Partitioned,
    /// Something else that can be read: a view, a materialized view, a foreign table.
    Other,
}

/// A relation of the database, as it is read.
#[derive(Clone, Debug)]
pub struct Relation {
    /// Its object identifier.
    pub oid: u32,
    /// Its full name.
    pub name: QualifiedName,
    /// What it is.
    pub kind: RelationKind,
    /// Rows in it, by the server's own last estimate.
    pub rows_expected: Option<u64>,
    /// Bytes of its pages, now; of a partitioned table, of all its partitions. Nothing for what has no pages.
    pub bytes: u64,
    /// Whether rows that this user may not see are left out of what it reads.
    pub filtered: bool,
    /// Its columns, in order.
    pub columns: Vec<Column>,
    /// What holds its rows: itself, or its partitions; nothing for a view. Empty also where this user may read the
    /// partitioned table, but not its partitions.
    pub leaves: Vec<Leaf>,
}

/// An ordinary table that holds rows of a relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Its full name.
    pub name: QualifiedName,
    /// Bytes of its pages, now.
    pub bytes: u64,
}

/// Bytes of a page, the server's own measure of a table's size.
pub const PAGE: u64 = 8192;

/// Finds what has these names, each along the search path where it gives no schema.
pub async fn find_relations(session: &Session, tables: &[TableName]) -> Result<Vec<u32>, PgError> {
    let names: Vec<String> = tables.iter().map(|table| QualifiedName::from(table).to_string()).collect();
    let find = "select to_regclass(n)::oid from unnest($1::text[]) with ordinality as names(n, place) order by place";
    let rows = session.query(find, &[&names], "looking for tables").await?;
    let found: Vec<Option<u32>> = rows.iter().map(|row| row.get(0)).collect();
    if let Some(at) = found.iter().position(Option::is_none) {
        let name = &names[at];
        let mut error = PgError::without_server(
            format!("looking at {name}"),
            format!("relation {name} does not exist"),
            PgErrorKind::Server,
        );
        error.sqlstate = Some("42P01".to_owned());
        let hint = "names are taken literally, capitals too; a table outside the search path needs its schema";
        error.hint = Some(hint.to_owned());
        return Err(error);
    }
    Ok(found.into_iter().flatten().collect())
}

/// Finds the ordinary and partitioned tables that one of the patterns fits and none of `without`. In a pattern `*` stands
/// for any characters and `?` for one; without a schema it is looked along the search path. Partitions belong to their
/// table and aren't found by themselves; neither are tables of the server's own schemas.
pub async fn match_relations(
    session: &Session,
    patterns: &[TableName],
    without: &[TableName],
) -> Result<Vec<u32>, PgError> {
    let schemas = |patterns: &[TableName]| -> Vec<Option<String>> {
        patterns.iter().map(|pattern| pattern.schema.as_deref().map(like)).collect()
    };
    let names =
        |patterns: &[TableName]| -> Vec<String> { patterns.iter().map(|pattern| like(&pattern.name)).collect() };
    let rows = session
        .query(
            MATCH,
            &[&schemas(patterns), &names(patterns), &schemas(without), &names(without)],
            "looking for tables that fit the patterns",
        )
        .await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// A pattern in the words of LIKE.
fn like(pattern: &str) -> String {
    let mut text = String::with_capacity(pattern.len());
    for character in pattern.chars() {
        match character {
            '*' => text.push('%'),
            '?' => text.push('_'),
            '%' | '_' | '\\' => text.extend(['\\', character]),
            other => text.push(other),
        }
    }
    text
}

/// Describes relations, in the order given. Who may not read one of them is told so.
pub async fn relations(session: &Session, oids: &[u32]) -> Result<Vec<Relation>, PgError> {
    let doing = "looking at the tables to read";
    let described = session.query(DESCRIBE, &[&oids], doing).await?;
    let mut relations = Vec::with_capacity(described.len());
    for row in &described {
        let name = full_name(row.get(1), row.get(2));
        if !row.get::<_, bool>(6) {
            let message = format!("permission denied for {} {}", row.get::<_, String>(3), row.get::<_, String>(2));
            let mut error = PgError::without_server(format!("looking at {name}"), message, PgErrorKind::Server);
            error.sqlstate = Some("42501".to_owned());
            return Err(error);
        }
        let rows_expected: f32 = row.get(4);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an estimate; -1 means unknown")]
        let rows_expected = (rows_expected >= 0.0).then_some(rows_expected as u64);
        let kind = match row.get::<_, &str>(3) {
            "table" => RelationKind::Table,
            "partitioned table" => RelationKind::Partitioned,
            _ => RelationKind::Other,
        };
        relations.push(Relation {
            oid: row.get(0),
            name,
            kind,
            rows_expected,
            bytes: unsigned(row.get(5)),
            filtered: row.get(7),
            columns: Vec::new(),
            leaves: Vec::new(),
        });
    }
    for row in session.query(COLUMNS, &[&oids], doing).await? {
        let Some(relation) = of(&mut relations, row.get(0)) else { continue };
        relation.columns.push(Column {
            name: row.get(1),
            sql_type: row.get(2),
            type_oid: row.get(3),
            portable_binary: row.get(4),
            not_null: row.get(5),
            generated: row.get(6),
            collation: row.get::<_, Option<String>>(7).zip(row.get(8)),
        });
    }
    for row in session.query(LEAVES, &[&oids], doing).await? {
        let Some(relation) = of(&mut relations, row.get(0)) else { continue };
        let leaf = Leaf { name: full_name(row.get(1), row.get(2)), bytes: unsigned(row.get(3)) };
        if relation.kind == RelationKind::Partitioned {
            relation.bytes += leaf.bytes;
        }
        relation.leaves.push(leaf);
    }
    Ok(relations)
}

fn of(relations: &mut [Relation], oid: u32) -> Option<&mut Relation> {
    relations.iter_mut().find(|relation| relation.oid == oid)
}

fn full_name(schema: String, name: String) -> QualifiedName {
    QualifiedName::from(&TableName { schema: Some(schema), name })
}

fn unsigned(bytes: i64) -> u64 {
    u64::try_from(bytes).unwrap_or_default()
}

const MATCH: &str = "
    with wanted as (select * from unnest($1::text[], $2::text[]) as p(schema, name)),
    unwanted as (select * from unnest($3::text[], $4::text[]) as p(schema, name))
    select c.oid
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence <> 't'
      and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
      and exists (select from wanted p where c.relname like p.name
                    and case when p.schema is null then pg_table_is_visible(c.oid) else n.nspname like p.schema end)
      and not exists (select from unwanted p where c.relname like p.name
                    and case when p.schema is null then pg_table_is_visible(c.oid) else n.nspname like p.schema end)
    order by n.nspname, c.relname";

/// The privilege on every column is as good as that on the table; which columns are read isn't known here.
const DESCRIBE: &str = "
    select c.oid, n.nspname, c.relname,
           case c.relkind when 'r' then 'table' when 'p' then 'partitioned table' when 'v' then 'view'
             when 'm' then 'materialized view' when 'f' then 'foreign table' when 'S' then 'sequence'
             else 'relation' end,
           case when c.relkind = 'p' then (select coalesce(sum(nullif(l.reltuples, -1)), -1)::float4
                                             from pg_partition_tree(c.oid) t join pg_class l on l.oid = t.relid
                                             where t.isleaf)
                else c.reltuples end,
           case when c.relkind in ('r', 'm') then coalesce(pg_relation_size(c.oid), 0) else 0 end,
           has_table_privilege(c.oid, 'select') or has_any_column_privilege(c.oid, 'select'),
           row_security_active(c.oid)
    from unnest($1::oid[]) with ordinality as wanted(oid, place)
         join pg_class c on c.oid = wanted.oid join pg_namespace n on n.oid = c.relnamespace
    order by wanted.place";

/// Types are those below domains. Portable in binary: see `columns`; enums besides, which go as their labels.
const COLUMNS: &str = concat!(
    "
    with recursive attributes as (
      select a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attnotnull, a.attgenerated, a.attcollation
      from pg_attribute a where a.attrelid = any($1::oid[]) and a.attnum > 0 and not a.attisdropped),
    below(attrelid, attnum, type, modifier) as (
      select attrelid, attnum, atttypid, atttypmod from attributes
      union all
      select b.attrelid, b.attnum, t.typbasetype, t.typtypmod
      from below b join pg_type t on t.oid = b.type where t.typtype = 'd')
    select a.attrelid, a.attname, format_type(t.oid, b.modifier), t.oid,
           t.typtype = 'e'
             or ",
    portable_in_binary!(),
    ",
           a.attnotnull, a.attgenerated <> '', n.nspname, c.collname
    from attributes a
         join below b on b.attrelid = a.attrelid and b.attnum = a.attnum
         join pg_type t on t.oid = b.type and t.typtype <> 'd'
         ",
    join_element!(),
    "
         left join pg_collation c on c.oid = a.attcollation and a.attcollation <> t.typcollation
         left join pg_namespace n on n.oid = c.collnamespace
    order by a.attrelid, a.attnum"
);

/// Of a table with children by inheritance, the rows are read through it: it has no leaf of its own.
const LEAVES: &str = "
    select c.oid, n.nspname, l.relname, pg_relation_size(l.oid)
    from pg_class c
         cross join lateral (
           select c.oid as relid where c.relkind in ('r', 'm') and not exists (select from pg_inherits i where i.inhparent = c.oid)
           union all
           select t.relid from pg_partition_tree(c.oid) t
           where c.relkind = 'p' and t.isleaf
             and not exists (select from pg_partition_tree(c.oid) o join pg_class oc on oc.oid = o.relid
                             where o.isleaf and (oc.relkind <> 'r' or not has_table_privilege(oc.oid, 'select')))) t
         join pg_class l on l.oid = t.relid join pg_namespace n on n.oid = l.relnamespace
    where c.oid = any($1::oid[]) and l.relkind in ('r', 'm')
    order by c.oid, n.nspname, l.relname";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_shells_and_nothing_else_is_special() {
        assert_eq!(like("dim_*"), "dim\\_%");
        assert_eq!(like("100%?"), "100\\%_");
        assert_eq!(like("주문_내역"), "주문\\_내역");
        assert_eq!(like("a\\b"), "a\\\\b");
    }
}
