//! COPY's binary form, taken apart: rows into fields, and the fields whose form isn't a plain number.
//!
//! The form is that of the types' `send` functions, which PostgreSQL keeps stable: integers in network order, times in
//! microseconds from the year 2000. Nothing in here allocates.

/// Length of what comes before the first row: a signature, flags, and the length of an extension that there is none of.
const HEADER: usize = 19;

/// What the rows begin with.
const SIGNATURE: &[u8; 11] = b"PGCOPY\n\xff\r\n\0";

/// What a binary row isn't: the words say what was wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BinaryError(pub &'static str);

/// The first message without what comes before its row.
pub fn after_header(message: &[u8]) -> Result<&[u8], BinaryError> {
    match message.get(HEADER..) {
        Some(row) if message.starts_with(SIGNATURE) => Ok(row),
        _ => Err(BinaryError("the rows don't begin as COPY's binary form does")),
    }
}

/// The fields of a row, one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'r> {
    rest: &'r [u8],
    left: i32,
}

impl<'r> Fields<'r> {
    /// The fields of that row; `None` for the mark behind the last row.
    pub fn of(row: &'r [u8]) -> Result<Option<Self>, BinaryError> {
        let (count, rest) = row.split_first_chunk().ok_or(CUT)?;
        let left = i32::from(i16::from_be_bytes(*count));
        Ok((left >= 0).then_some(Self { rest, left }))
    }

    /// How many are left.
    pub fn len(&self) -> usize {
        usize::try_from(self.left).unwrap_or(0)
    }

    /// Whether none is left.
    pub fn is_empty(&self) -> bool {
        self.left <= 0
    }

    /// The next field's bytes; `None` inside for NULL. Not to be called when none is left.
    pub fn take(&mut self) -> Result<Option<&'r [u8]>, BinaryError> {
        let (length, rest) = self.rest.split_first_chunk().ok_or(CUT)?;
        self.left -= 1;
        let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else {
            self.rest = rest;
            return Ok(None);
        };
        let (field, rest) = rest.split_at_checked(length).ok_or(CUT)?;
        self.rest = rest;
        Ok(Some(field))
    }
}

/// A number of fixed length, in network order, as the bytes of a type of Rust's.
pub fn fixed<const N: usize>(field: &[u8]) -> Result<[u8; N], BinaryError> {
    field.try_into().map_err(|_| BinaryError("a value has another length than its type"))
}

/// A `numeric` as an integer that counts the last of `scale` digits after the point. Nothing is rounded.
pub fn numeric(field: &[u8], scale: u32) -> Result<i128, BinaryError> {
    let (head, digits) = field.split_first_chunk::<8>().ok_or(CUT)?;
    let word = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
    let (count, weight, sign) = (word(0), word(2).cast_signed(), word(4));
    if sign == 0xc000 {
        return Err(BinaryError("NaN is no value of a DECIMAL"));
    } else if sign & 0xc000 == 0xc000 {
        return Err(BinaryError("infinity is no value of a DECIMAL"));
    }
    // What the digit is to be multiplied with, as a power of ten.
    let scale = i32::try_from(scale).map_err(|_| LARGE)?;
    let mut power = 4 * i32::from(weight) + scale + 4;
    let mut value: i128 = 0;
    for digit in digits.chunks_exact(2).take(usize::from(count)) {
        let digit = u32::from(u16::from_be_bytes([digit[0], digit[1]]));
        power -= 4;
        // Digits beyond the last that counts are the zeros that fill up a digit of base 10,000.
        let (keep, cut) =
            if power >= 0 { (4, 0) } else { (u32::try_from(4 + power).unwrap_or(0), power.unsigned_abs()) };
        let unit = 10_u32.pow(cut.min(4));
        if digit % unit != 0 {
            return Err(BinaryError("a number has more digits after the point than its column"));
        }
        let shifted = value.checked_mul(10_i128.pow(keep));
        value = shifted.and_then(|value| value.checked_add(i128::from(digit / unit))).ok_or(LARGE)?;
    }
    if value != 0 && power > 0 {
        let zeros = 10_i128.checked_pow(power.unsigned_abs()).ok_or(LARGE)?;
        value = value.checked_mul(zeros).ok_or(LARGE)?;
    }
    Ok(if sign == 0x4000 { -value } else { value })
}

/// The elements of an array of at most one dimension.
pub fn array(field: &[u8]) -> Result<Fields<'_>, BinaryError> {
    let word = |at: usize| field.get(at..at + 4).and_then(|bytes| fixed::<4>(bytes).ok()).map(i32::from_be_bytes);
    match word(0).ok_or(CUT)? {
        0 => Ok(Fields { rest: &[], left: 0 }),
        1 => {
            let (left, rest) = word(12).zip(field.get(20..)).ok_or(CUT)?;
            Ok(Fields { rest, left })
        }
        _ => Err(BinaryError("an array has several dimensions")),
    }
}

const CUT: BinaryError = BinaryError("a row ends too early");
const LARGE: BinaryError = BinaryError("a number has more digits than its column");

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(weight: i16, sign: u16, digits: &[u16]) -> Vec<u8> {
        let count = u16::try_from(digits.len()).unwrap();
        let words = [count, weight.cast_unsigned(), sign, 0].into_iter().chain(digits.iter().copied());
        words.flat_map(u16::to_be_bytes).collect()
    }

    #[test]
    fn a_numeric_is_counted_in_units_of_its_last_digit() {
        // 12345.6789 is 1 | 2345 . 6789 in base 10,000.
        assert_eq!(numeric(&encoded(1, 0, &[1, 2345, 6789]), 4), Ok(123_456_789));
        assert_eq!(numeric(&encoded(1, 0x4000, &[1, 2345, 6700]), 2), Ok(-1_234_567));
        assert_eq!(
            numeric(&encoded(1, 0, &[1, 2345, 6789]), 2).unwrap_err().0,
            "a number has more digits after the point than its column"
        );
        // Trailing zeros aren't sent: 10,000 is 1 with weight 1.
        assert_eq!(numeric(&encoded(1, 0, &[1]), 2), Ok(1_000_000));
        assert_eq!(numeric(&encoded(-1, 0, &[5]), 4), Ok(5));
        assert_eq!(numeric(&encoded(0, 0, &[]), 38), Ok(0));
        assert_eq!(numeric(&encoded(0, 0xc000, &[]), 0).unwrap_err().0, "NaN is no value of a DECIMAL");
        assert_eq!(numeric(&encoded(0, 0xf000, &[]), 0).unwrap_err().0, "infinity is no value of a DECIMAL");
        assert_eq!(numeric(&encoded(12, 0, &[1]), 0).unwrap_err(), LARGE);
        // 28 digits before the point and 10 after it, sent as 12.
        let long = encoded(6, 0, &[1234, 5678, 9012, 3456, 7890, 1234, 5678, 123, 4567, 8900]);
        assert_eq!(numeric(&long, 10), Ok(12_345_678_901_234_567_890_123_456_780_123_456_789));
        assert_eq!(
            numeric(&encoded(-3, 0, &[1]), 4).unwrap_err().0,
            "a number has more digits after the point than its column"
        );
    }

    #[test]
    fn a_row_that_is_cut_is_an_error() {
        let row = [0, 2, 0, 0, 0, 1, 7, 255, 255, 255, 255];
        let mut fields = Fields::of(&row).unwrap().unwrap();
        assert_eq!((fields.len(), fields.take(), fields.take()), (2, Ok(Some(&[7][..])), Ok(None)));
        assert!(fields.is_empty());
        assert_eq!(Fields::of(&row[..8]).unwrap().unwrap().take(), Ok(Some(&[7][..])));
        assert_eq!(Fields::of(&row[..6]).unwrap().unwrap().take(), Err(CUT));
        assert!(Fields::of(&[255, 255]).unwrap().is_none());
        assert_eq!(after_header(b"PGCOPY").unwrap_err().0, "the rows don't begin as COPY's binary form does");
    }
}
