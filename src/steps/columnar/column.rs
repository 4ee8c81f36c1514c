//! How a column travels from PostgreSQL into DuckDB: which type it gets there, and in which form it is asked for.
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
//! | arrays of one dimension of any of these | lists | a column declared with several dimensions, or of other elements: JSON, as `to_json` writes it |
//! | composite types | JSON | as `to_json` writes them |
//! | ranges, inet, bit, xml, money and everything else | VARCHAR | as PostgreSQL writes it |
//!
//! Domains travel as what they are made of. A value that its type in DuckDB can't hold fails the step, which names the
//! column: an infinite interval, a timestamp after the year 294246, NaN in a `numeric(p, s)`, an array of several dimensions
//! in a column that was declared with one. Nothing is rounded or cut.

use tokio_postgres::types::{Kind, Type};

use crate::duckdb::{FeedType, quoted};
use crate::postgres::Ident;

/// Digits that DuckDB's DECIMAL can hold.
const MAX_DIGITS: u32 = 38;

/// A column on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::steps) struct Column {
    name: String,
    form: Form,
    /// Whether it can hold no NULL.
    not_null: bool,
}

/// How a column's values are sent and kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::steps) enum Form {
    /// PostgreSQL sends them in binary; DuckDB keeps this type.
    Binary(FeedType),
    /// `jsonb` in binary: JSON behind a byte that says which version.
    Jsonb,
    /// An array of such elements, of one dimension.
    List(Box<Self>),
    /// A `numeric` without a fitting declaration; the data says what it needs.
    OpenNumeric,
    /// PostgreSQL writes them as text.
    Text,
    /// Structured, written by `to_json`.
    Structured,
}

/// What the data of a `numeric` column needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::steps) struct NumericNeed {
    /// Digits before the point, of the largest value.
    pub(in crate::steps) before: u32,
    /// Digits after the point, of the longest value.
    pub(in crate::steps) after: u32,
    /// Whether all values are finite.
    pub(in crate::steps) finite: bool,
}

impl Column {
    /// The column of a query's result. `dimensions`: how many its declaration gives an array.
    pub(in crate::steps) fn of(column: &tokio_postgres::Column, not_null: bool, dimensions: u32) -> Self {
        let form = match form_of(column.type_(), column.type_modifier()) {
            Form::List(_) if dimensions > 1 => Form::Structured,
            form => form,
        };
        Self { name: column.name().to_owned(), form, not_null }
    }

    /// Its name.
    pub(in crate::steps) fn name(&self) -> &str {
        &self.name
    }

    /// How its values are sent.
    pub(in crate::steps) const fn form(&self) -> &Form {
        &self.form
    }

    /// Whether the data must be asked before the column's type is known.
    pub(in crate::steps) fn is_open(&self) -> bool {
        self.form == Form::OpenNumeric
    }

    /// Decides the type of an open column. False if DuckDB has no number type that holds all of it: then it is text.
    pub(in crate::steps) fn settle(&mut self, need: NumericNeed) -> bool {
        let fits = need.finite && need.before + need.after <= MAX_DIGITS;
        self.form = if fits { decimal(MAX_DIGITS, need.after) } else { Form::Text };
        fits
    }

    /// Its type in DuckDB.
    pub(in crate::steps) fn feed_type(&self) -> FeedType {
        self.form.feed_type()
    }

    /// The column in `create table`.
    pub(in crate::steps) fn definition(&self) -> String {
        let not_null = if self.not_null { " NOT NULL" } else { "" };
        format!("{} {}{not_null}", quoted(&self.name), self.feed_type())
    }

    /// What PostgreSQL is asked for.
    pub(in crate::steps) fn asked(&self) -> String {
        let name = Ident::new(self.name.as_str());
        match self.form {
            Form::Binary(_) | Form::Jsonb | Form::List(_) => name.to_string(),
            Form::OpenNumeric | Form::Text => format!("{name}::text as {name}"),
            Form::Structured => format!("to_json({name}) as {name}"),
        }
    }
}

impl Form {
    fn feed_type(&self) -> FeedType {
        match self {
            Self::Binary(kind) => kind.clone(),
            Self::Jsonb | Self::Structured => FeedType::Json,
            Self::List(element) => FeedType::List(Box::new(element.feed_type())),
            Self::OpenNumeric | Self::Text => FeedType::Varchar,
        }
    }
}

fn form_of(kind: &Type, modifier: i32) -> Form {
    Form::Binary(match *kind {
        Type::BOOL => FeedType::Boolean,
        Type::INT2 => FeedType::SmallInt,
        Type::INT4 => FeedType::Integer,
        Type::INT8 => FeedType::BigInt,
        Type::OID => FeedType::UInteger,
        Type::FLOAT4 => FeedType::Float,
        Type::FLOAT8 => FeedType::Double,
        Type::NUMERIC => return numeric(modifier),
        Type::DATE => FeedType::Date,
        Type::TIMESTAMP => FeedType::Timestamp,
        Type::TIMESTAMPTZ => FeedType::TimestampTz,
        Type::TIME => FeedType::Time,
        Type::TIMETZ => FeedType::TimeTz,
        Type::INTERVAL => FeedType::Interval,
        Type::UUID => FeedType::Uuid,
        Type::JSON => FeedType::Json,
        Type::JSONB => return Form::Jsonb,
        Type::BYTEA => FeedType::Blob,
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME => FeedType::Varchar,
        _ => {
            return match kind.kind() {
                Kind::Enum(_) => Form::Binary(FeedType::Varchar),
                Kind::Domain(base) => form_of(base, modifier),
                Kind::Composite(_) => Form::Structured,
                Kind::Array(element) => match form_of(element, modifier) {
                    form @ (Form::Binary(_) | Form::Jsonb) => Form::List(Box::new(form)),
                    _ => Form::Structured,
                },
                _ => Form::Text,
            };
        }
    })
}

fn decimal(digits: u32, scale: u32) -> Form {
    let small = |number: u32| u8::try_from(number).unwrap_or(u8::MAX);
    Form::Binary(FeedType::Decimal { digits: small(digits), scale: small(scale) })
}

/// The form of a `numeric` with that type modifier: precision and scale, offset by four; -1 for neither.
fn numeric(modifier: i32) -> Form {
    let Ok(packed) = u32::try_from(modifier.wrapping_sub(4)) else { return Form::OpenNumeric };
    let precision = packed >> 16;
    // Eleven bits with a sign (PostgreSQL 15 and later allow scales below zero and above the precision).
    let bits = packed & 0x7ff;
    let (digits, scale) = if bits >= 0x400 { (precision + (0x800 - bits), 0) } else { (precision.max(bits), bits) };
    if digits <= MAX_DIGITS { decimal(digits, scale) } else { Form::OpenNumeric }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declared_numeric_keeps_its_declaration_if_duckdb_has_the_digits() {
        let modifier = |precision: i32, scale: i32| ((precision << 16) | (scale & 0x7ff)) + 4;
        assert_eq!(numeric(modifier(10, 2)), decimal(10, 2));
        assert_eq!(numeric(modifier(38, 38)), decimal(38, 38));
        assert_eq!(numeric(modifier(3, -2)), decimal(5, 0));
        assert_eq!(numeric(modifier(2, 5)), decimal(5, 5));
        assert_eq!(numeric(modifier(39, 2)), Form::OpenNumeric);
        assert_eq!(numeric(-1), Form::OpenNumeric);
    }

    #[test]
    fn an_open_numeric_is_a_number_as_long_as_all_its_digits_fit() {
        let settled = |before, after, finite| {
            let mut column = Column { name: "a\"b".to_owned(), form: Form::OpenNumeric, not_null: true };
            column.settle(NumericNeed { before, after, finite });
            column.definition()
        };
        assert_eq!(settled(36, 2, true), "\"a\"\"b\" DECIMAL(38, 2) NOT NULL");
        assert_eq!(settled(37, 2, true), "\"a\"\"b\" VARCHAR NOT NULL");
        assert_eq!(settled(1, 0, false), "\"a\"\"b\" VARCHAR NOT NULL");
    }
}
