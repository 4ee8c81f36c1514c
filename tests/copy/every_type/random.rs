//! Random values of the types that have many.

use std::fmt::Write as _;

use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;

/// What text is put together from: all that COPY, arrays and rows must quote, and letters of several bytes.
const PIECES: &[&str] = &[
    "a",
    "Z",
    "0",
    " ",
    "  ",
    "\t",
    "\n",
    "\r",
    "\r\n",
    "\\",
    "\\.",
    "\\N",
    "\\n",
    "\\x",
    "'",
    "''",
    "\"",
    "\"\"",
    ",",
    ";",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "NULL",
    "null",
    "--",
    "/*",
    "$$",
    "%s",
    ":a",
    "$1",
    "\u{1}",
    "\u{8}",
    "\u{b}",
    "\u{7f}",
    "\u{85}",
    "\u{a0}",
    "\u{feff}",
    "\u{2028}",
    "\u{10ffff}",
    "가",
    "뷁",
    "ㅏ",
    "漢",
    "é",
    "e\u{301}",
    "🦆",
    "empty",
];

/// A value of that type, if it has random ones.
pub(super) fn value(sql: &str, rng: &mut StdRng) -> Option<String> {
    Some(match sql {
        "text" | "character varying" | "refcursor" => text(rng, 12),
        "name" => text(rng, 6),
        "bpchar" => text(rng, 5),
        "smallint" => rng.random::<i16>().to_string(),
        "integer" => rng.random::<i32>().to_string(),
        "bigint" => rng.random::<i64>().to_string(),
        "oid" | "xid" | "cid" => rng.random::<u32>().to_string(),
        "xid8" => rng.random::<u64>().to_string(),
        // Any bits: they may be subnormal, or one of the many that are not a number.
        "real" => f32::from_bits(rng.random()).to_string(),
        "double precision" => f64::from_bits(rng.random()).to_string(),
        "numeric" => numeric(rng),
        "bytea" => (0..rng.random_range(0..40)).fold("\\x".to_owned(), |mut text, _| {
            write!(text, "{:02x}", rng.random::<u8>()).unwrap();
            text
        }),
        "bit varying" | "\"bit\"" => {
            (0..rng.random_range(1..40)).map(|_| if rng.random() { '1' } else { '0' }).collect()
        }
        "json" | "jsonb" => json(rng, 3),
        "uuid" => uuid::Uuid::from_u128(rng.random()).to_string(),
        "date" => format!("{:04}-{:02}-{:02}{}", rng.random_range(1..4700), month(rng), day(rng), era(rng)),
        "timestamp without time zone" => timestamp(rng),
        "timestamp with time zone" => format!("{} UTC", timestamp(rng)),
        "interval" => format!("{} mons {} days {} us", rng.random::<i16>(), rng.random::<i16>(), rng.random::<i32>()),
        _ => return None,
    })
}

/// A text of up to that many pieces.
pub(super) fn text(rng: &mut StdRng, most: usize) -> String {
    let count = rng.random_range(0..=most);
    (0..count).map(|_| *PIECES.choose(rng).unwrap()).collect()
}

fn numeric(rng: &mut StdRng) -> String {
    let digits = |rng: &mut StdRng, most: usize| -> String {
        let count = rng.random_range(1..=most);
        (0..count).map(|_| char::from(b'0' + if rng.random_bool(0.5) { 0 } else { rng.random_range(0..10) })).collect()
    };
    let sign = if rng.random() { "-" } else { "" };
    format!("{sign}{}.{}", digits(rng, 60), digits(rng, 60))
}

fn json(rng: &mut StdRng, depth: usize) -> String {
    let choices = if depth == 0 { 4 } else { 6 };
    match rng.random_range(0..choices) {
        0 => "null".to_owned(),
        1 => rng.random::<bool>().to_string(),
        2 => numeric_of_json(rng),
        3 => serde_json::Value::from(text(rng, 6)).to_string(),
        4 => format!("[{}]", (0..rng.random_range(0..4)).map(|_| json(rng, depth - 1)).collect::<Vec<_>>().join(" ,")),
        _ => {
            let member =
                |rng: &mut StdRng| format!("{} : {}", serde_json::Value::from(text(rng, 3)), json(rng, depth - 1));
            format!("{{{}}}", (0..rng.random_range(0..4)).map(|_| member(rng)).collect::<Vec<_>>().join(", "))
        }
    }
}

fn numeric_of_json(rng: &mut StdRng) -> String {
    format!("{}.{}e{}", rng.random::<i32>(), rng.random::<u16>(), rng.random_range(-200..200))
}

fn timestamp(rng: &mut StdRng) -> String {
    let (year, month, day) = (rng.random_range(1..4000), month(rng), day(rng));
    let (hour, second, micros) = (rng.random_range(0..24), rng.random_range(0..60), rng.random_range(0..1_000_000));
    format!("{year:04}-{month:02}-{day:02} {hour:02}:30:{second:02}.{micros:06}{}", era(rng))
}

fn month(rng: &mut StdRng) -> u8 {
    rng.random_range(1..=12)
}

fn day(rng: &mut StdRng) -> u8 {
    rng.random_range(1..=28)
}

fn era(rng: &mut StdRng) -> &'static str {
    if rng.random_bool(0.3) { " BC" } else { "" }
}
