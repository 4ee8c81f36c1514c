//! The types of columns that rows can be fed into.

use std::fmt;

use duckdb::core::{LogicalTypeHandle, LogicalTypeId};

/// A type of DuckDB's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FeedType {
    /// True or false.
    Boolean,
    /// 16 bits.
    SmallInt,
    /// 32 bits.
    Integer,
    /// 64 bits.
    BigInt,
    /// 32 bits without a sign.
    UInteger,
    /// A floating-point number of 32 bits.
    Float,
    /// A floating-point number of 64 bits.
    Double,
    /// An exact number.
    Decimal {
        /// Digits in all, 1 to 38.
        digits: u8,
        /// Digits after the point.
        scale: u8,
    },
    /// Days since 1970.
    Date,
    /// Microseconds since midnight.
    Time,
    /// The same with an offset from UTC.
    TimeTz,
    /// Microseconds since 1970.
    Timestamp,
    /// Microseconds since 1970 in UTC.
    TimestampTz,
    /// Months, days and microseconds.
    Interval,
    /// 128 bits.
    Uuid,
    /// Text.
    Varchar,
    /// Text that is JSON.
    Json,
    /// Bytes.
    Blob,
    /// A list of values.
    List(Box<Self>),
}

impl FeedType {
    /// The same as the driver knows it.
    pub(super) fn logical(&self) -> LogicalTypeHandle {
        use LogicalTypeId as Id;
        let id = match self {
            Self::Boolean => Id::Boolean,
            Self::SmallInt => Id::Smallint,
            Self::Integer => Id::Integer,
            Self::BigInt => Id::Bigint,
            Self::UInteger => Id::UInteger,
            Self::Float => Id::Float,
            Self::Double => Id::Double,
            Self::Decimal { digits, scale } => return LogicalTypeHandle::decimal(*digits, *scale),
            Self::Date => Id::Date,
            Self::Time => Id::Time,
            Self::TimeTz => Id::TimeTZ,
            Self::Timestamp => Id::Timestamp,
            Self::TimestampTz => Id::TimestampTZ,
            Self::Interval => Id::Interval,
            Self::Uuid => Id::Uuid,
            Self::Varchar => Id::Varchar,
            Self::Json => {
                // What tells JSON from other text, to DuckDB too. Its cast would parse every value once more.
                let mut json = LogicalTypeHandle::from(Id::Varchar);
                json.set_alias("JSON");
                return json;
            }
            Self::Blob => Id::Blob,
            Self::List(element) => return LogicalTypeHandle::list(&element.logical()),
        };
        LogicalTypeHandle::from(id)
    }
}

impl fmt::Display for FeedType {
    /// As SQL names it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Boolean => "BOOLEAN",
            Self::SmallInt => "SMALLINT",
            Self::Integer => "INTEGER",
            Self::BigInt => "BIGINT",
            Self::UInteger => "UINTEGER",
            Self::Float => "FLOAT",
            Self::Double => "DOUBLE",
            Self::Decimal { digits, scale } => return write!(f, "DECIMAL({digits}, {scale})"),
            Self::Date => "DATE",
            Self::Time => "TIME",
            Self::TimeTz => "TIMETZ",
            Self::Timestamp => "TIMESTAMP",
            Self::TimestampTz => "TIMESTAMPTZ",
            Self::Interval => "INTERVAL",
            Self::Uuid => "UUID",
            Self::Varchar => "VARCHAR",
            Self::Json => "JSON",
            Self::Blob => "BLOB",
            Self::List(element) => return write!(f, "{element}[]"),
        })
    }
}
