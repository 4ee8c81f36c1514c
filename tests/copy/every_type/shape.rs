//! Types, built in and made, and values of them as text.

use std::collections::BTreeSet;

use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use windlass::postgres::{Ident, literal};

use super::random;
use super::samples::{WITHOUT_VALUES, samples};

/// A type.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// A built-in one, by its name in SQL.
    Plain(String),
    /// An array.
    Array(Box<Shape>),
    /// One with a name of its own.
    Made(String, Box<Made>),
}

/// What a type with a name of its own is.
#[derive(Clone, Debug)]
pub(super) enum Made {
    Enum(Vec<String>),
    Domain(Shape),
    Composite(Vec<Shape>),
    /// A range of text, byte by byte.
    Range,
    /// Several such ranges.
    Multirange,
}

/// Makes types and values.
pub(super) struct Maker {
    pub(super) rng: StdRng,
    /// Values that one of the servers is too old for.
    pub(super) refused: BTreeSet<(String, String)>,
    /// How many types were invented.
    pub(super) invented: usize,
    /// How to make the types that were invented so far, in order.
    pub(super) statements: Vec<String>,
}

impl Shape {
    /// The type's name in SQL.
    pub(super) fn sql(&self) -> String {
        match self {
            Self::Plain(sql) => sql.clone(),
            Self::Array(element) => format!("{}[]", element.sql()),
            Self::Made(name, _) => Ident::new(name.as_str()).to_string(),
        }
    }

    /// Whether there are arrays of it: none of arrays, and none of what only the catalogues use.
    pub(super) fn has_array(&self) -> bool {
        match self {
            Self::Plain(sql) => !sql.starts_with("pg_") || !WITHOUT_VALUES.contains(&sql.as_str()),
            Self::Array(_) => false,
            Self::Made(..) => true,
        }
    }

    /// Whether COLLATE may stand behind it.
    pub(super) fn collates(&self) -> bool {
        matches!(self.sql().as_str(), "text" | "character varying" | "character varying(7)" | "text[]")
    }
}

impl Maker {
    /// Invents a type with a name of its own.
    pub(super) fn invent(&mut self, plain: &[Shape], depth: usize) -> Shape {
        self.invented += 1;
        let name = format!("형 \"{}\" {}", self.invented, "가".repeat(self.rng.random_range(0..14)));
        let quoted = Ident::new(name.as_str());
        let (made, statement) = match self.rng.random_range(0..5) {
            0 => {
                let labels: Vec<String> =
                    ["", "기쁨", "a b", "\\.", "\\N", "\"q\"", "NULL", "it's"].map(str::to_owned).to_vec();
                let list: Vec<String> = labels.iter().map(|label| literal(label)).collect();
                (Made::Enum(labels), format!("create type {quoted} as enum ({})", list.join(", ")))
            }
            1 => {
                let base = self.part(plain, depth);
                let statement = format!("create domain {quoted} as {}", base.sql());
                (Made::Domain(base), statement)
            }
            2 | 3 => {
                let parts: Vec<Shape> = (0..self.rng.random_range(0..5)).map(|_| self.part(plain, depth)).collect();
                let fields: Vec<String> =
                    parts.iter().enumerate().map(|(place, part)| format!("\"칸 {place}\" {}", part.sql())).collect();
                (Made::Composite(parts), format!("create type {quoted} as ({})", fields.join(", ")))
            }
            _ => {
                let several = format!("{name}*");
                let range = format!(
                    "create type {quoted} as range (subtype = text, collation = \"C\", multirange_type_name = {})",
                    Ident::new(several.as_str())
                );
                if self.rng.random() {
                    self.statements.push(range);
                    return Shape::Made(several, Box::new(Made::Multirange));
                }
                (Made::Range, range)
            }
        };
        self.statements.push(statement);
        Shape::Made(name, Box::new(made))
    }

    /// A type for a part of another.
    fn part(&mut self, plain: &[Shape], depth: usize) -> Shape {
        let part = if depth > 0 && self.rng.random_bool(0.4) {
            self.invent(plain, depth - 1)
        } else {
            plain.choose(&mut self.rng).unwrap().clone()
        };
        if part.has_array() && self.rng.random_bool(0.3) { Shape::Array(Box::new(part)) } else { part }
    }

    /// A value as the type's input takes it; `None` for NULL.
    pub(super) fn text(&mut self, shape: &Shape) -> Option<String> {
        if self.rng.random_bool(0.12) {
            return None;
        }
        match shape {
            Shape::Plain(sql) => self.plain(sql),
            Shape::Array(element) => Some(self.array(element)),
            Shape::Made(_, made) => match made.as_ref() {
                Made::Enum(labels) => labels.choose(&mut self.rng).cloned(),
                Made::Domain(base) => self.text(base),
                Made::Composite(parts) => {
                    let fields: Vec<String> = parts
                        .iter()
                        .map(|part| self.text(part).map_or_else(String::new, |text| quote(&text, "\"\"")))
                        .collect();
                    Some(format!("({})", fields.join(",")))
                }
                Made::Range => Some(self.range()),
                Made::Multirange => {
                    let ranges: Vec<String> = (0..self.rng.random_range(0..4)).map(|_| self.range()).collect();
                    Some(format!("{{{}}}", ranges.join(",")))
                }
            },
        }
    }

    fn plain(&mut self, sql: &str) -> Option<String> {
        if self.rng.random_bool(0.4)
            && let Some(value) = random::value(sql, &mut self.rng)
        {
            return Some(value);
        }
        let good = |sample: &&&str| !self.refused.contains(&(sql.to_owned(), (**sample).to_owned()));
        let good: Vec<&&str> = samples(sql).iter().filter(good).collect();
        good.choose(&mut self.rng).map(|sample| (**sample).to_owned())
    }

    /// Of no, one or several dimensions, which may begin anywhere.
    fn array(&mut self, element: &Shape) -> String {
        let dimensions: Vec<(i32, i32)> = (0..self.rng.random_range(0..4_usize))
            .map(|_| (self.rng.random_range(-3..4), self.rng.random_range(1..4)))
            .collect();
        if dimensions.is_empty() {
            return "{}".to_owned();
        }
        let bounds: Vec<String> =
            dimensions.iter().map(|(low, count)| format!("[{low}:{}]", low + count - 1)).collect();
        let delimiter = if element.sql() == "box" { ";" } else { "," };
        let body = self.nested(element, &dimensions, delimiter);
        if dimensions.iter().any(|(low, _)| *low != 1) { format!("{}={body}", bounds.concat()) } else { body }
    }

    fn nested(&mut self, element: &Shape, dimensions: &[(i32, i32)], delimiter: &str) -> String {
        let Some(((_, count), inner)) = dimensions.split_first() else {
            return self.text(element).map_or_else(|| "NULL".to_owned(), |text| quote(&text, "\\\""));
        };
        let items: Vec<String> = (0..*count).map(|_| self.nested(element, inner, delimiter)).collect();
        format!("{{{}}}", items.join(delimiter))
    }

    fn range(&mut self) -> String {
        let mut ends = [random::text(&mut self.rng, 4), random::text(&mut self.rng, 4)];
        ends.sort();
        match self.rng.random_range(0..5) {
            0 => "empty".to_owned(),
            1 => format!("(,{}]", quote(&ends[1], "\"\"")),
            2 => format!("[{},)", quote(&ends[0], "\"\"")),
            _ => format!("[{},{})", quote(&ends[0], "\"\""), quote(&ends[1], "\"\"")),
        }
    }
}

/// A text in double quotes, where a double quote in it is written so.
fn quote(text: &str, double_quote: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', double_quote))
}
