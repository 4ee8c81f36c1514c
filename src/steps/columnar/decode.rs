//! One value from PostgreSQL's binary form into DuckDB's.

use crate::duckdb::{FeedColumn, FeedType, Interval};
use crate::postgres::binary::{self, BinaryError, fixed};

use super::column::Form;

/// Days from 1970, where DuckDB counts from, to 2000, where PostgreSQL does.
const EPOCH_DAYS: i32 = 10_957;

/// The same in microseconds.
const EPOCH_MICROS: i64 = 10_957 * 86_400 * 1_000_000;

/// DuckDB's earliest timestamp but for the infinite ones; in microseconds since 1970 there is no earlier that fits.
const FIRST_TIMESTAMP: i64 = -i64::MAX + 1;

/// DuckDB keeps the offset of a TIMETZ, in seconds east of UTC, as what it falls short of this.
const MAX_OFFSET: i32 = 16 * 3600 - 1;

/// Bits that the offset takes.
const OFFSET_BITS: u32 = 24;

/// Why a value can't be had in DuckDB.
pub(in crate::steps) type Unfit = &'static str;

/// Writes a value, or NULL, into a row of the column.
pub(in crate::steps) fn decode(
    form: &Form,
    field: Option<&[u8]>,
    column: &mut FeedColumn<'_>,
    row: usize,
) -> Result<(), Unfit> {
    let Some(field) = field else {
        column.null(row);
        return Ok(());
    };
    match form {
        Form::Binary(kind) => value(kind, field, column, row),
        Form::Jsonb => match field.split_first() {
            Some((1, json)) => text(json, column, row),
            _ => Err("a jsonb of another version than 1"),
        },
        Form::List(element) => {
            let mut fields = binary::array(field).map_err(words)?;
            let count = fields.len();
            let mut elements = column.list(row, count).map_err(|_| "a list is too long")?;
            for at in 0..count {
                decode(element, fields.take().map_err(words)?, &mut elements, at)?;
            }
            Ok(())
        }
        Form::OpenNumeric | Form::Text | Form::Structured => text(field, column, row),
    }
}

fn value(kind: &FeedType, field: &[u8], column: &mut FeedColumn<'_>, row: usize) -> Result<(), Unfit> {
    match kind {
        FeedType::Boolean => column.bool(row, fixed::<1>(field).map_err(words)? != [0]),
        FeedType::SmallInt => column.i16(row, i16::from_be_bytes(fixed(field).map_err(words)?)),
        FeedType::Integer => column.i32(row, i32::from_be_bytes(fixed(field).map_err(words)?)),
        FeedType::BigInt | FeedType::Time => column.i64(row, i64::from_be_bytes(fixed(field).map_err(words)?)),
        FeedType::UInteger => column.u32(row, u32::from_be_bytes(fixed(field).map_err(words)?)),
        FeedType::Float => column.f32(row, f32::from_be_bytes(fixed(field).map_err(words)?)),
        FeedType::Double => column.f64(row, f64::from_be_bytes(fixed(field).map_err(words)?)),
        FeedType::Decimal { scale, .. } => {
            let number = binary::numeric(field, u32::from(*scale)).map_err(words)?;
            if !column.decimal(row, number) {
                return Err("a number has more digits than its column");
            }
        }
        FeedType::Date => column.i32(row, date(i32::from_be_bytes(fixed(field).map_err(words)?))?),
        FeedType::Timestamp | FeedType::TimestampTz => {
            column.i64(row, timestamp(i64::from_be_bytes(fixed(field).map_err(words)?))?);
        }
        FeedType::TimeTz => column.u64(row, time_tz(&fixed(field).map_err(words)?)),
        FeedType::Interval => column.interval(row, interval(&fixed(field).map_err(words)?)?),
        FeedType::Uuid => {
            // DuckDB orders them as signed numbers, so it keeps the first bit the other way around.
            let bits = u128::from_be_bytes(fixed(field).map_err(words)?) ^ (1 << 127);
            column.i128(row, bits.cast_signed());
        }
        FeedType::Varchar | FeedType::Json => return text(field, column, row),
        FeedType::Blob => column.bytes(row, field),
        FeedType::List(_) => return Err("a list within a list"),
    }
    Ok(())
}

fn text(field: &[u8], column: &mut FeedColumn<'_>, row: usize) -> Result<(), Unfit> {
    // A database with encoding SQL_ASCII sends whatever it was given; DuckDB would make NULL of it.
    std::str::from_utf8(field).map_err(|_| "a text is not UTF-8")?;
    column.bytes(row, field);
    Ok(())
}

fn date(days: i32) -> Result<i32, Unfit> {
    match days {
        i32::MAX => Ok(i32::MAX),
        i32::MIN => Ok(-i32::MAX),
        days => days.checked_add(EPOCH_DAYS).ok_or("a date is later than DuckDB's last"),
    }
}

fn timestamp(micros: i64) -> Result<i64, Unfit> {
    match micros {
        i64::MAX => Ok(i64::MAX),
        i64::MIN => Ok(-i64::MAX),
        micros => match micros.checked_add(EPOCH_MICROS) {
            Some(micros) if (FIRST_TIMESTAMP..i64::MAX).contains(&micros) => Ok(micros),
            _ => Err("a timestamp is later than DuckDB's last, in the year 294247"),
        },
    }
}

fn time_tz(field: &[u8; 12]) -> u64 {
    // PostgreSQL counts seconds west of UTC.
    let offset = MAX_OFFSET + word(field, 8);
    long(field).cast_unsigned() << OFFSET_BITS | u64::from(offset.cast_unsigned())
}

fn interval(field: &[u8; 16]) -> Result<Interval, Unfit> {
    let interval = Interval { micros: long(field), days: word(field, 8), months: word(field, 12) };
    // So PostgreSQL 17 and later write the infinite ones.
    let infinite = [i32::MIN, i32::MAX].contains(&interval.days) && interval.days == interval.months;
    if infinite && [i64::MIN, i64::MAX].contains(&interval.micros) {
        return Err("DuckDB has no infinite interval");
    }
    Ok(interval)
}

/// The number of 64 bits that a field begins with.
fn long<const N: usize>(field: &[u8; N]) -> i64 {
    i64::from_be_bytes(std::array::from_fn(|at| field[at]))
}

/// The number of 32 bits that stands there in a field.
fn word<const N: usize>(field: &[u8; N], first: usize) -> i32 {
    i32::from_be_bytes(std::array::from_fn(|at| field[first + at]))
}

fn words(error: BinaryError) -> Unfit {
    error.0
}
