//! A random table: how it is made on both sides, and its rows.

use rand::RngExt as _;
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use windlass::postgres::{Ident, literal};

use super::samples::LARGE;
use super::shape::{Maker, Shape};

/// Names that need care, each as long as it may get.
const NAMES: &[&str] =
    &["select", "Größe", "한글 이름", "a\"b", "it's", "\\.", "ctid ", "%s", "{ x }", "a.b", "-- x", "대문자ABC"];

/// Longest name that PostgreSQL keeps, in bytes.
const LONGEST_NAME: usize = 63;

/// The column by which rows are told apart.
pub(super) const KEY: &str = "순번";

/// A table with values of many types.
pub(super) struct Table {
    /// Its name, unquoted.
    pub(super) name: String,
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

struct Column {
    name: String,
    shape: Shape,
    collation: &'static str,
}

impl Table {
    /// A table with columns of those types.
    pub(super) fn random(maker: &mut Maker, shapes: Vec<Shape>) -> Self {
        let columns = shapes.into_iter().enumerate().map(|(place, shape)| {
            let collation = if shape.collates() && maker.rng.random() { " collate \"C\"" } else { "" };
            Column { name: name(maker, &place.to_string()), shape, collation }
        });
        let columns: Vec<Column> = columns.collect();
        let count = if maker.rng.random_bool(0.1) { 0 } else { maker.rng.random_range(1..30) };
        let rows = (0..count).map(|_| columns.iter().map(|column| value(maker, &column.shape)).collect()).collect();
        Self { name: name(maker, "표"), columns, rows }
    }

    /// A table with values of several megabytes: in one row all of them, in another some. Every other time with a
    /// column that goes as text only.
    pub(super) fn large(maker: &mut Maker) -> Self {
        let shape = |sql: &str| Shape::Plain(sql.to_owned());
        let column = |(sql, _): &(&str, &str)| Column { name: (*sql).to_owned(), shape: shape(sql), collation: "" };
        let as_text = ("regclass", "'pg_class'::regclass");
        let values: Vec<&(&str, &str)> = LARGE.iter().chain(maker.rng.random::<bool>().then_some(&as_text)).collect();
        let columns = values.iter().copied().map(column).collect();
        let mut row = |nulls: f64| {
            let value = |(_, expression): &&(&str, &str)| {
                if maker.rng.random_bool(nulls) { "null".to_owned() } else { (*expression).to_owned() }
            };
            values.iter().map(value).collect()
        };
        let rows = vec![row(0.0), row(0.6)];
        Self { name: "큰 값".to_owned(), columns, rows }
    }

    /// The names of its columns, the key first.
    pub(super) fn columns(&self) -> impl Iterator<Item = &str> {
        std::iter::once(KEY).chain(self.columns.iter().map(|column| column.name.as_str()))
    }

    /// The number of its rows.
    pub(super) fn row_count(&self) -> u64 {
        self.rows.len() as u64
    }

    /// CREATE TABLE, and its rows.
    pub(super) fn statements(&self) -> String {
        let rows = self.rows.iter().enumerate().map(|(place, row)| {
            format!("insert into {} values ({place}, {});", Ident::new(self.name.as_str()), row.join(", "))
        });
        let definitions: Vec<String> = self.definitions().collect();
        format!("{}{}", self.create(&definitions), rows.collect::<String>())
    }

    /// CREATE TABLE with the columns in another order.
    pub(super) fn shuffled(&self, maker: &mut Maker) -> String {
        let mut definitions: Vec<String> = self.definitions().collect();
        definitions.shuffle(&mut maker.rng);
        self.create(&definitions)
    }

    fn create(&self, definitions: &[String]) -> String {
        format!("create table {} ({});", Ident::new(self.name.as_str()), definitions.join(", "))
    }

    fn definitions(&self) -> impl Iterator<Item = String> {
        let key = format!("{} int not null", Ident::new(KEY));
        let rest = self
            .columns
            .iter()
            .map(|column| format!("{} {}{}", Ident::new(column.name.as_str()), column.shape.sql(), column.collation));
        std::iter::once(key).chain(rest)
    }
}

/// A value as an SQL expression.
fn value(maker: &mut Maker, shape: &Shape) -> String {
    maker.text(shape).map_or_else(|| "null".to_owned(), |text| format!("{}::{}", literal(&text), shape.sql()))
}

/// A name that ends in `end`, of up to 63 bytes.
fn name(maker: &mut Maker, end: &str) -> String {
    let mut name = String::new();
    let parts = maker.rng.random_range(0..8);
    for part in (0..parts).map(|_| *NAMES.choose(&mut maker.rng).unwrap()).collect::<Vec<_>>() {
        if name.len() + part.len() + end.len() <= LONGEST_NAME {
            name.push_str(part);
        }
    }
    if maker.rng.random_bool(0.2) {
        name.extend(std::iter::repeat_n('x', LONGEST_NAME - name.len() - end.len()));
    }
    name + end
}
