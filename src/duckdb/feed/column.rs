//! A column of a chunk: where its values lie, and how they are written there.
//!
//! The only code of this crate that writes into foreign memory. What keeps it sound: the type of a column is the one
//! that the table function has told DuckDB (`FeedType::logical`), each type has one form of values in DuckDB's memory
//! (`Slots::of`), rows are checked against the vector's capacity, and the columns live no longer than the chunk.

#![expect(unsafe_code, reason = "values are written where DuckDB wants them: anything else copies each of them again")]

use std::mem::MaybeUninit;

use duckdb::core::{DataChunkHandle, FlatVector, Inserter as _, ListVector};

use super::chunk::FeedChunk;
use super::kind::FeedType;

/// An interval as DuckDB keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Interval {
    /// Months.
    pub months: i32,
    /// Days.
    pub days: i32,
    /// Microseconds.
    pub micros: i64,
}

/// 128 bits as DuckDB keeps them: two halves, neither of which needs more than its own alignment.
#[derive(Clone, Copy)]
#[repr(C)]
struct Wide {
    lower: u64,
    upper: i64,
}

/// One column of a chunk, or the elements of a list in one.
pub struct FeedColumn<'c> {
    slots: Slots<'c>,
    vector: Vector<'c>,
    /// Rows begin here; not zero for the elements of lists.
    first: usize,
    kind: &'c FeedType,
}

enum Vector<'c> {
    Flat(FlatVector<'c>),
    List(ListVector<'c>),
}

/// Where values lie.
enum Slots<'c> {
    Bool(&'c mut [MaybeUninit<bool>]),
    I16(&'c mut [MaybeUninit<i16>]),
    I32(&'c mut [MaybeUninit<i32>]),
    I64(&'c mut [MaybeUninit<i64>]),
    I128(&'c mut [MaybeUninit<Wide>]),
    U32(&'c mut [MaybeUninit<u32>]),
    U64(&'c mut [MaybeUninit<u64>]),
    F32(&'c mut [MaybeUninit<f32>]),
    F64(&'c mut [MaybeUninit<f64>]),
    Interval(&'c mut [MaybeUninit<Interval>]),
    /// DuckDB copies them itself.
    Bytes,
    /// Elements that have been given out so far.
    List(usize),
}

impl<'c> Slots<'c> {
    /// The values of a vector of that type.
    fn of(vector: &FlatVector<'c>, kind: &FeedType) -> Self {
        /// # Safety
        /// The vector holds values of type `T`, and nobody else has them.
        unsafe fn values<'c, T>(vector: &FlatVector<'c>) -> &'c mut [MaybeUninit<T>] {
            // SAFETY: the vector has room for `capacity` values; they may hold anything, hence `MaybeUninit`.
            unsafe { std::slice::from_raw_parts_mut(vector.as_mut_ptr::<MaybeUninit<T>>(), vector.capacity()) }
        }
        // SAFETY: these are DuckDB's forms of these types (its `PhysicalType`), and each column is taken once.
        unsafe {
            match kind {
                FeedType::Boolean => Self::Bool(values(vector)),
                FeedType::SmallInt | FeedType::Decimal { digits: 0..=4, .. } => Self::I16(values(vector)),
                FeedType::Integer | FeedType::Date | FeedType::Decimal { digits: 5..=9, .. } => {
                    Self::I32(values(vector))
                }
                FeedType::BigInt
                | FeedType::Time
                | FeedType::Timestamp
                | FeedType::TimestampTz
                | FeedType::Decimal { digits: 10..=18, .. } => Self::I64(values(vector)),
                FeedType::UInteger => Self::U32(values(vector)),
                FeedType::TimeTz => Self::U64(values(vector)),
                FeedType::Float => Self::F32(values(vector)),
                FeedType::Double => Self::F64(values(vector)),
                FeedType::Decimal { .. } | FeedType::Uuid => Self::I128(values(vector)),
                FeedType::Interval => Self::Interval(values(vector)),
                FeedType::Varchar | FeedType::Json | FeedType::Blob => Self::Bytes,
                FeedType::List(_) => Self::List(0),
            }
        }
    }
}

/// Writes one value where it belongs. A value of another form than the column's is a mistake of the feeder.
macro_rules! put {
    ($($(#[$doc:meta])* $name:ident($type:ty) $slots:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name(&mut self, row: usize, value: $type) {
            match &mut self.slots {
                Slots::$slots(slots) => { slots[self.first + row].write(value); }
                _ => self.mismatch(stringify!($name)),
            }
        }
    )*};
}

impl<'c> FeedColumn<'c> {
    pub(super) fn of(chunk: &'c DataChunkHandle, at: usize, kind: &'c FeedType) -> Self {
        let flat = chunk.flat_vector(at);
        let slots = Slots::of(&flat, kind);
        let vector =
            if matches!(kind, FeedType::List(_)) { Vector::List(chunk.list_vector(at)) } else { Vector::Flat(flat) };
        Self { slots, vector, first: 0, kind }
    }

    put! {
        /// Writes a truth value.
        bool(bool) Bool;
        /// Writes 16 bits.
        i16(i16) I16;
        /// Writes 32 bits, or the days of a date.
        i32(i32) I32;
        /// Writes 64 bits, or the microseconds of a time.
        i64(i64) I64;
        /// Writes 32 bits without a sign.
        u32(u32) U32;
        /// Writes 64 bits without a sign.
        u64(u64) U64;
        /// Writes a floating-point number of 32 bits.
        f32(f32) F32;
        /// Writes a floating-point number of 64 bits.
        f64(f64) F64;
        /// Writes an interval.
        interval(Interval) Interval;
    }

    /// Writes 128 bits.
    pub fn i128(&mut self, row: usize, value: i128) {
        let value = value.cast_unsigned();
        #[expect(clippy::cast_possible_truncation, reason = "the two halves")]
        let wide = Wide { lower: value as u64, upper: ((value >> 64) as u64).cast_signed() };
        match &mut self.slots {
            Slots::I128(slots) => {
                slots[self.first + row].write(wide);
            }
            _ => self.mismatch("i128"),
        }
    }

    /// Writes an exact number, counted in units of the last digit; false if it has more digits than the column.
    #[must_use]
    pub fn decimal(&mut self, row: usize, value: i128) -> bool {
        let FeedType::Decimal { digits, .. } = self.kind else { self.mismatch("decimal") };
        if value.unsigned_abs() >= 10_u128.pow(u32::from(*digits)) {
            return false;
        }
        #[expect(clippy::cast_possible_truncation, reason = "it has no more digits than fit, as was just seen")]
        match &self.slots {
            Slots::I16(_) => self.i16(row, value as i16),
            Slots::I32(_) => self.i32(row, value as i32),
            Slots::I64(_) => self.i64(row, value as i64),
            _ => self.i128(row, value),
        }
        true
    }

    /// Writes bytes or text. Text must be UTF-8.
    pub fn bytes(&mut self, row: usize, value: &[u8]) {
        match &self.vector {
            Vector::Flat(vector) if matches!(self.slots, Slots::Bytes) => {
                within(self.first + row, vector);
                vector.insert(self.first + row, value);
            }
            _ => self.mismatch("bytes"),
        }
    }

    /// Writes NULL.
    pub fn null(&mut self, row: usize) {
        match &mut self.vector {
            Vector::Flat(vector) => {
                within(self.first + row, vector);
                vector.set_null(self.first + row);
            }
            Vector::List(list) => {
                // An entry that is not read must still lie within the elements.
                list.set_entry(row, 0, 0);
                list.set_null(row);
            }
        }
    }

    /// Begins a list of so many elements and returns them: rows of a column of their own.
    pub fn list(&mut self, row: usize, count: usize) -> Result<FeedColumn<'_>, String> {
        let (Vector::List(list), Slots::List(given), FeedType::List(element)) =
            (&mut self.vector, &mut self.slots, self.kind)
        else {
            self.mismatch("list")
        };
        let first = *given;
        let all = first + count;
        list.set_entry(row, first, count);
        // Room is made in large steps; what was written before moves along.
        list.try_reserve(all.next_power_of_two().max(FeedChunk::ROWS)).map_err(|error| error.to_string())?;
        list.try_set_len(all).map_err(|error| error.to_string())?;
        *given = all;
        let elements = list.child(all);
        Ok(FeedColumn { slots: Slots::of(&elements, element), vector: Vector::Flat(elements), first, kind: element })
    }

    #[cold]
    fn mismatch(&self, what: &str) -> ! {
        panic!("`{what}` is no value of a column of type {}", self.kind)
    }
}

/// Refuses a row that the vector has no room for: a mistake of the feeder.
fn within(row: usize, vector: &FlatVector<'_>) {
    assert!(row < vector.capacity(), "a row beyond the chunk");
}
