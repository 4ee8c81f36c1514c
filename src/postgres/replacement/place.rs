//! Where a table stands or will stand.

use crate::domain::ids::TableName;
use crate::postgres::error::{PgError, PgErrorKind};
use crate::postgres::ident::{Ident, QualifiedName};
use crate::postgres::session::Session;

/// Where a table stands or will stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The schema.
    pub schema: Ident,
    /// The name.
    pub name: Ident,
    /// The object identifier of what has this name now.
    pub oid: Option<u32>,
}

impl Place {
    /// The full name.
    pub fn full(&self) -> QualifiedName {
        self.beside(self.name.as_str())
    }

    /// Another name in the same schema.
    pub fn beside(&self, name: &str) -> QualifiedName {
        QualifiedName { schema: Some(self.schema.clone()), name: Ident::new(name) }
    }
}

/// Finds the place of a table: in the schema that its name gives, else where the search path finds it, else in the
/// first schema of the search path.
pub async fn place(session: &Session, table: &TableName) -> Result<Place, PgError> {
    let mut found = places(session, std::slice::from_ref(table)).await?;
    // One table was asked for, and each has its place.
    Ok(found.remove(0))
}

/// Finds the places of several tables by one query, in the order of the tables.
pub async fn places(session: &Session, tables: &[TableName]) -> Result<Vec<Place>, PgError> {
    let doing = || match tables {
        [table] => format!("looking for the table `{table}`"),
        _ => format!("looking for {} tables", tables.len()),
    };
    let names: Vec<String> = tables.iter().map(|table| QualifiedName::from(table).to_string()).collect();
    let schemas: Vec<Option<&str>> = tables.iter().map(|table| table.schema.as_deref()).collect();
    let rows = session.query(FIND, &[&names, &schemas], doing()).await?;
    let found = tables.iter().zip(&rows).map(|(table, row)| {
        let schema: Option<String> = row.get(0);
        let Some(schema) = schema else { return Err(no_schema(table, doing())) };
        Ok(Place { schema: Ident::new(schema), name: Ident::new(table.name.as_str()), oid: row.get(1) })
    });
    found.collect()
}

const FIND: &str = "
    select coalesce(found.nspname, wanted.nspname), c.oid
    from unnest($1::text[], $2::text[]) with ordinality as t(name, schema, position)
         left join pg_class c on c.oid = to_regclass(t.name)
         left join pg_namespace found on found.oid = c.relnamespace
         left join pg_namespace wanted on wanted.nspname = coalesce(t.schema, current_schema())
    order by t.position";

fn no_schema(table: &TableName, doing: String) -> PgError {
    let (message, hint) = match table.schema.as_deref().map(Ident::new) {
        Some(schema) => (format!("schema {schema} does not exist"), format!("create schema {schema}")),
        None => (
            "no schema of the search path exists".to_owned(),
            "name the schema (`schema.table`), or create one that is on the search path".to_owned(),
        ),
    };
    let mut error = PgError::without_server(doing, message, PgErrorKind::Server);
    error.sqlstate = Some("3F000".to_owned());
    error.hint = Some(hint);
    error
}
