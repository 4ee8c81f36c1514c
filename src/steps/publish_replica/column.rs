//! How a column travels from PostgreSQL into DuckDB: which type it gets there, and how its text is read.
//!
//! | PostgreSQL | DuckDB | notes |
//! |---|---|---|
//! | boolean, smallint, integer, bigint | BOOLEAN, SMALLINT, INTEGER, BIGINT | |
//! | oid | UINTEGER | |
//! | real, double precision | FLOAT, DOUBLE | NaN and infinities too; all digits |
//! | numeric(p, s) | DECIMAL(p, s) | up to 38 digits; else as the next |
//! | numeric | DECIMAL(38, s) | `s`: the most digits after the point that the data has; VARCHAR if 38 digits are too few or a value is not finite |
//! | text, varchar, char, name, citext, enums | VARCHAR | an empty text stays apart from NULL |
//! | date, time, timetz, timestamp, timestamptz | DATE, TIME, TIMETZ, TIMESTAMP, TIMESTAMPTZ | microseconds, infinities, years before Christ |
//! | interval | INTERVAL | |
//! | uuid | UUID | |
//! | json, jsonb | JSON | |
//! | bytea | BLOB | |
//! | arrays, composite types | JSON | as `to_json` writes them |
//! | everything else | VARCHAR | as PostgreSQL writes it |
//!
//! Domains travel as what they are made of. Constraints, defaults and indexes are not carried over: a replica is for
//! reading. A value that its type in DuckDB can't hold fails the step; nothing is rounded or cut.

use tokio_postgres::types::{Kind, Type};

use crate::duckdb::quoted;
use crate::postgres::Ident;

/// Digits that DuckDB's DECIMAL can hold.
const MAX_DIGITS: u32 = 38;

/// A column on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    name: String,
    form: Form,
}

/// How a column's values are written and read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// DuckDB reads the text as this type.
    Plain(&'static str),
    /// An exact number.
    Decimal {
        /// Digits in all.
        digits: u32,
        /// Digits after the point.
        scale: u32,
    },
    /// A `numeric` without a fitting declaration; the data says what it needs.
    OpenNumeric,
    /// A date or time, whose years before Christ DuckDB writes in another way.
    Dated(&'static str),
    /// An interval, without the plus signs that DuckDB doesn't read.
    Interval,
    /// Bytes, as hexadecimal digits behind `\x`.
    Bytes,
    /// Structured, written by `to_json`.
    Json,
}

/// What the data of a `numeric` column needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NumericNeed {
    /// Digits before the point, of the largest value.
    pub(super) before: u32,
    /// Digits after the point, of the longest value.
    pub(super) after: u32,
    /// Whether all values are finite.
    pub(super) finite: bool,
}

impl Column {
    /// The column of a query's result.
    pub(super) fn of(column: &tokio_postgres::Column) -> Self {
        Self { name: column.name().to_owned(), form: form_of(column.type_(), column.type_modifier()) }
    }

    /// Its name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether the data must be asked before the column's type is known.
    pub(super) fn is_open(&self) -> bool {
        self.form == Form::OpenNumeric
    }

    /// Decides the type of an open column. False if DuckDB has no number type that holds all of it: then it is text.
    pub(super) fn settle(&mut self, need: NumericNeed) -> bool {
        let fits = need.finite && need.before + need.after <= MAX_DIGITS;
        self.form = if fits { Form::Decimal { digits: MAX_DIGITS, scale: need.after } } else { Form::Plain("VARCHAR") };
        fits
    }

    /// The column in `create table`.
    pub(super) fn definition(&self) -> String {
        let sql_type = match self.form {
            Form::Plain(name) | Form::Dated(name) => name.to_owned(),
            Form::Decimal { digits, scale } => format!("DECIMAL({digits}, {scale})"),
            Form::OpenNumeric => "VARCHAR".to_owned(),
            Form::Interval => "INTERVAL".to_owned(),
            Form::Bytes => "BLOB".to_owned(),
            Form::Json => "JSON".to_owned(),
        };
        format!("{} {sql_type}", quoted(&self.name))
    }

    /// What PostgreSQL is asked for.
    pub(super) fn asked(&self) -> String {
        let name = Ident::new(self.name.as_str());
        if self.form == Form::Json { format!("to_json({name}) as {name}") } else { name.to_string() }
    }

    /// What DuckDB makes of the text in its column `text`.
    pub(super) fn read(&self, text: &str) -> String {
        match self.form {
            Form::Plain("VARCHAR") | Form::OpenNumeric => text.to_owned(),
            Form::Plain(name) => format!("cast({text} as {name})"),
            Form::Decimal { digits, scale } => format!("cast({text} as DECIMAL({digits}, {scale}))"),
            Form::Dated(name) => format!(
                "cast(case when {text} like '% BC' \
                 then regexp_replace({text}, '^(\\S+)(.*) BC$', '\\1 (BC)\\2') else {text} end as {name})"
            ),
            Form::Interval => format!("cast(replace({text}, '+', '') as INTERVAL)"),
            Form::Bytes => format!("unhex(substr({text}, 3))"),
            Form::Json => format!("cast({text} as JSON)"),
        }
    }
}

fn form_of(kind: &Type, modifier: i32) -> Form {
    match *kind {
        Type::BOOL => Form::Plain("BOOLEAN"),
        Type::INT2 => Form::Plain("SMALLINT"),
        Type::INT4 => Form::Plain("INTEGER"),
        Type::INT8 => Form::Plain("BIGINT"),
        Type::OID => Form::Plain("UINTEGER"),
        Type::FLOAT4 => Form::Plain("FLOAT"),
        Type::FLOAT8 => Form::Plain("DOUBLE"),
        Type::NUMERIC => numeric(modifier),
        Type::DATE => Form::Dated("DATE"),
        Type::TIMESTAMP => Form::Dated("TIMESTAMP"),
        Type::TIMESTAMPTZ => Form::Dated("TIMESTAMPTZ"),
        Type::TIME => Form::Plain("TIME"),
        Type::TIMETZ => Form::Plain("TIMETZ"),
        Type::INTERVAL => Form::Interval,
        Type::UUID => Form::Plain("UUID"),
        Type::JSON | Type::JSONB => Form::Plain("JSON"),
        Type::BYTEA => Form::Bytes,
        _ => match kind.kind() {
            Kind::Array(_) | Kind::Composite(_) => Form::Json,
            Kind::Domain(base) => form_of(base, modifier),
            _ => Form::Plain("VARCHAR"),
        },
    }
}

/// The form of a `numeric` with that type modifier: precision and scale, offset by four; -1 for neither.
fn numeric(modifier: i32) -> Form {
    let Ok(packed) = u32::try_from(modifier.wrapping_sub(4)) else { return Form::OpenNumeric };
    let precision = packed >> 16;
    // Eleven bits with a sign (PostgreSQL 15 and later allow scales below zero and above the precision).
    let bits = packed & 0x7ff;
    let (digits, scale) = if bits >= 0x400 { (precision + (0x800 - bits), 0) } else { (precision.max(bits), bits) };
    if digits <= MAX_DIGITS { Form::Decimal { digits, scale } } else { Form::OpenNumeric }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declared_numeric_keeps_its_declaration_if_duckdb_has_the_digits() {
        let modifier = |precision: i32, scale: i32| ((precision << 16) | (scale & 0x7ff)) + 4;
        assert_eq!(numeric(modifier(10, 2)), Form::Decimal { digits: 10, scale: 2 });
        assert_eq!(numeric(modifier(38, 38)), Form::Decimal { digits: 38, scale: 38 });
        assert_eq!(numeric(modifier(3, -2)), Form::Decimal { digits: 5, scale: 0 });
        assert_eq!(numeric(modifier(2, 5)), Form::Decimal { digits: 5, scale: 5 });
        assert_eq!(numeric(modifier(39, 2)), Form::OpenNumeric);
        assert_eq!(numeric(-1), Form::OpenNumeric);
    }

    #[test]
    fn an_open_numeric_is_a_number_as_long_as_all_its_digits_fit() {
        let settled = |before, after, finite| {
            let mut column = Column { name: "a\"b".to_owned(), form: Form::OpenNumeric };
            column.settle(NumericNeed { before, after, finite });
            column.definition()
        };
        assert_eq!(settled(36, 2, true), "\"a\"\"b\" DECIMAL(38, 2)");
        assert_eq!(settled(37, 2, true), "\"a\"\"b\" VARCHAR");
        assert_eq!(settled(1, 0, false), "\"a\"\"b\" VARCHAR");
    }
}
