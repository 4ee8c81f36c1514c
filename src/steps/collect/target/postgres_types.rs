//! What DuckDB's types are in PostgreSQL, and how their values are written for COPY.

use crate::duckdb::quoted;
use crate::steps::collect::data::{Column, WHOLE};

/// The PostgreSQL type that holds every value of a DuckDB type.
pub(super) fn sql_type(duckdb: &str) -> String {
    if nested(duckdb) {
        return "jsonb".to_owned();
    }
    if duckdb.starts_with("DECIMAL(") {
        return duckdb.replacen("DECIMAL", "numeric", 1);
    }
    match duckdb {
        "BOOLEAN" => "boolean",
        "TINYINT" | "UTINYINT" | "SMALLINT" => "smallint",
        "USMALLINT" | "INTEGER" => "integer",
        "UINTEGER" | "BIGINT" => "bigint",
        "UBIGINT" | "HUGEINT" | "UHUGEINT" | "BIGNUM" => "numeric",
        "FLOAT" => "real",
        "DOUBLE" => "double precision",
        "DATE" => "date",
        "TIME" => "time",
        "TIME WITH TIME ZONE" => "time with time zone",
        "TIMESTAMP" | "TIMESTAMP_S" | "TIMESTAMP_MS" | "TIMESTAMP_NS" => "timestamp",
        "TIMESTAMP WITH TIME ZONE" => "timestamp with time zone",
        "INTERVAL" => "interval",
        "UUID" => "uuid",
        "BLOB" => "bytea",
        "JSON" => "jsonb",
        _ => "text",
    }
    .to_owned()
}

/// The DuckDB type that takes just the texts that PostgreSQL's takes, as far as there is one: then a row that PostgreSQL
/// would refuse can be told beforehand. Whole numbers are read with decimals, because DuckDB would round them.
pub(super) fn checked(postgres: &str) -> Option<String> {
    let lower = postgres.to_ascii_lowercase();
    let duckdb = match lower.as_str() {
        "smallint" | "integer" | "int" | "bigint" | "int2" | "int4" | "int8" => WHOLE,
        "double precision" | "float8" => "DOUBLE",
        "date" => "DATE",
        "uuid" => "UUID",
        other => {
            let digits = other.strip_prefix("numeric(")?.split([',', ')']).next()?.trim().parse::<u32>().ok()?;
            return (digits <= 38 && !other.contains('-')).then(|| other.replacen("numeric", "DECIMAL", 1));
        }
    };
    Some(duckdb.to_owned())
}

/// A column as an expression whose text PostgreSQL reads.
pub(super) fn written(column: &Column) -> String {
    let name = quoted(&column.name);
    match column.sql_type.as_str() {
        "BLOB" => format!("'\\x' || hex({name})"),
        other if nested(other) => format!("to_json({name})::varchar"),
        _ => name,
    }
}

fn nested(duckdb: &str) -> bool {
    duckdb.ends_with(']') || ["STRUCT(", "MAP(", "UNION("].iter().any(|kind| duckdb.starts_with(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_of_a_type_fits_its_counterpart() {
        let pairs = [
            ("UTINYINT", "smallint"),
            ("UINTEGER", "bigint"),
            ("UBIGINT", "numeric"),
            ("DECIMAL(18,3)", "numeric(18,3)"),
            ("STRUCT(a INTEGER)", "jsonb"),
            ("VARCHAR[]", "jsonb"),
            ("INTEGER[3]", "jsonb"),
            ("ENUM('a', 'b')", "text"),
            ("VARCHAR", "text"),
        ];
        for (duckdb, postgres) in pairs {
            assert_eq!(sql_type(duckdb), postgres);
        }
    }
}
