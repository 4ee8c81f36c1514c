//! All types of two servers, dealt like cards: a few tables have them all.

use std::collections::BTreeSet;

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use rand::{RngExt as _, SeedableRng as _};
use windlass::postgres::{Session, literal};

use super::samples::{WITH_MODIFIERS, WITHOUT_VALUES, samples};
use super::shape::{Maker, Shape};
use super::table::Table;
use crate::support::TestServer;

/// Columns of a table.
const COLUMNS: usize = 60;

/// All types but arrays and those that are no column's: base types, ranges, multiranges, and the standard's domains.
const TYPES: &str = "
    select format_type(t.oid, -1) from pg_type t
    where t.oid < 16384 and t.typtype in ('b', 'r', 'm', 'd')
      and not exists (select from pg_type element where element.typarray = t.oid)
    order by 1";

/// The types of two servers.
pub(super) struct Deal {
    pub(super) maker: Maker,
    plain: Vec<Shape>,
    portable: Vec<Shape>,
    other: Vec<Shape>,
}

impl Deal {
    /// Asks both servers for their types, and which values they take.
    pub(super) async fn new(source: &TestServer, target: &TestServer, seed: u64) -> Self {
        let (mut types, mut refused) = (Vec::new(), BTreeSet::new());
        for server in [source, target] {
            let session = server.server("postgres").connect("test-types").await.unwrap();
            let rows = session.query(TYPES, &[], "listing the types").await.unwrap();
            let names: BTreeSet<String> = rows.iter().map(|row| row.get(0)).collect();
            for sql in &names {
                refused.extend(refused_by(&session, sql).await);
            }
            types.push(names);
            session.close().await;
        }
        let mut names: Vec<String> = types[0].intersection(&types[1]).cloned().collect();
        names.extend(WITH_MODIFIERS.iter().map(|sql| (*sql).to_owned()));
        let base = names.into_iter().map(Shape::Plain);
        let plain: Vec<Shape> = base.flat_map(with_array).collect();
        let rng = StdRng::seed_from_u64(seed);
        let maker = Maker { rng, refused, invented: 0, statements: Vec::new() };
        Self { maker, plain, portable: Vec::new(), other: Vec::new() }
    }

    /// The next table: of types whose binary form is the same everywhere, of the others and of made ones, or of large
    /// values.
    pub(super) fn table(&mut self, case: u64) -> Table {
        self.maker.statements.clear();
        match case % 6 {
            5 => Table::large(&mut self.maker),
            1 | 4 => {
                let mut shapes = deal(&self.plain, &mut self.other, &mut self.maker.rng, |shape| !portable(shape));
                shapes.truncate(COLUMNS / 2);
                shapes.extend((0..COLUMNS / 2).map(|_| {
                    let depth = self.maker.rng.random_range(0..3);
                    self.maker.invent(&self.plain, depth)
                }));
                shapes.extend((0..COLUMNS / 6).map(|_| self.plain.choose(&mut self.maker.rng).unwrap().clone()));
                shapes.shuffle(&mut self.maker.rng);
                Table::random(&mut self.maker, shapes)
            }
            _ => {
                let shapes = deal(&self.plain, &mut self.portable, &mut self.maker.rng, portable);
                Table::random(&mut self.maker, shapes)
            }
        }
    }
}

/// A built-in type and the arrays of it.
fn with_array(shape: Shape) -> Vec<Shape> {
    let array = shape.has_array().then(|| Shape::Array(Box::new(shape.clone())));
    array.into_iter().chain([shape]).collect()
}

/// Takes the next types off the stack; one that is empty is made and shuffled anew.
fn deal(plain: &[Shape], stack: &mut Vec<Shape>, rng: &mut StdRng, belongs: fn(&Shape) -> bool) -> Vec<Shape> {
    if stack.is_empty() {
        stack.extend(plain.iter().filter(|shape| belongs(shape)).cloned());
        stack.shuffle(rng);
    }
    stack.split_off(stack.len().saturating_sub(COLUMNS))
}

/// Whether a built-in type's values hold no names or numbers of this server's own.
fn portable(shape: &Shape) -> bool {
    let sql = shape.sql();
    let base = sql.trim_end_matches("[]");
    let own = base.starts_with("reg") || base.starts_with("information_schema.");
    !own && !["money", "aclitem"].contains(&base) && !WITHOUT_VALUES.contains(&base)
}

/// The samples of a type that a server doesn't take. The newest takes all, and every type has some.
async fn refused_by(session: &Session, sql: &str) -> Vec<(String, String)> {
    let (mut refused, samples) = (Vec::new(), samples(sql));
    let known = !samples.is_empty() || WITHOUT_VALUES.contains(&sql);
    assert!(known, "`{sql}` has no values here: add some to samples.rs");
    for sample in samples {
        if session.execute(&format!("select {}::{sql}", literal(sample)), "trying a value").await.is_err() {
            refused.push((sql.to_owned(), (*sample).to_owned()));
        }
    }
    refused
}
