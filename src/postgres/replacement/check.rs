//! Whether what stands at places can be replaced by other tables of the same names.
//!
//! Asked before data moves, so that an hour's copy doesn't end at a view that hangs on the old table. The last word is
//! the server's, when the old tables are dropped.

use std::collections::BTreeMap;

use tokio_postgres::Row;

use crate::postgres::error::{PgError, PgErrorKind};
use crate::postgres::session::Session;

use super::place::Place;

/// What to do about something that hangs on a table.
pub(super) const DROP_FIRST: &str = "drop them, let the step replace the table, and make them again; in a copy, \
                                     `swap: in_place` keeps the table and all that hangs on it";

/// What to do about a table that is more than one, or part of one.
const FILL_IT: &str = "only a table that stands alone can be replaced: in a copy, `swap: in_place` fills this one; else name another target";

/// How many dependents are named; whoever has more knows where to look.
const MOST_DEPENDENTS: usize = 20;

/// A table as a whole.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    pub(super) owner: String,
    pub(super) make: Make,
}

/// What is said of a table as a whole when it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Make {
    pub(super) method: Option<String>,
    pub(super) tablespace: Option<String>,
    /// Storage parameters, as they stand in WITH.
    pub(super) options: Vec<String>,
}

/// Fails if one of the tables can't be replaced: it is not of that kind, is not ours, or something hangs on it.
///
/// What hangs on one of the tables and belongs to another of them is replaced with them.
pub async fn check(session: &Session, places: &[Place]) -> Result<(), PgError> {
    let doing = doing(places);
    quietly(session, &doing, standings(session, places, &doing)).await.map(drop)
}

/// Does `work` in a transaction that reads one state of the catalogue, where each name comes out with its schema.
pub(super) async fn quietly<T>(
    session: &Session,
    doing: &str,
    work: impl Future<Output = Result<T, PgError>>,
) -> Result<T, PgError> {
    session
        .execute(
            "begin isolation level repeatable read read only; set local search_path = ''; set local jit = off",
            doing,
        )
        .await?;
    let result = work.await;
    let ended = session.execute("commit", doing).await;
    let value = result?;
    ended?;
    Ok(value)
}

pub(super) fn doing(places: &[Place]) -> String {
    match places {
        [place] => format!("checking that {} can be replaced", place.full()),
        _ => format!("checking that {} tables can be replaced", places.len()),
    }
}

/// The tables at the places, by number; an error if one can't be replaced. One that has gone since it was looked for
/// isn't there.
pub(super) async fn standings(
    session: &Session,
    places: &[Place],
    doing: &str,
) -> Result<BTreeMap<u32, Standing>, PgError> {
    let oids: Vec<u32> = places.iter().filter_map(|place| place.oid).collect();
    let mut standings = BTreeMap::new();
    if oids.is_empty() {
        return Ok(standings);
    }
    let mut obstacles = Obstacles { places, doing, found: BTreeMap::new() };
    for row in session.query(include_str!("sql/tables.sql"), &[&oids], doing).await? {
        let (oid, standing) = (row.get(0), Standing::of(&row));
        obstacles.look_at(oid, &row, &standing.owner);
        standings.insert(oid, standing);
    }
    obstacles.raise()?;
    let mut hanging: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for row in session.query(include_str!("sql/dependents.sql"), &[&oids], doing).await? {
        hanging.entry(row.get(0)).or_default().push(row.get(1));
    }
    for (oid, names) in hanging {
        let more = names.len().saturating_sub(MOST_DEPENDENTS);
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        let names: Vec<String> = names.into_iter().take(MOST_DEPENDENTS).collect();
        obstacles.add(Obstacle::Hanging, oid, format!("other objects depend on it: {}{more}", names.join(", ")));
    }
    obstacles.raise()?;
    Ok(standings)
}

impl Standing {
    /// Reads tables by their numbers, whatever they are.
    pub(super) async fn read(session: &Session, oids: &[u32], doing: &str) -> Result<BTreeMap<u32, Self>, PgError> {
        let rows = session.query(include_str!("sql/tables.sql"), &[&oids], doing).await?;
        Ok(rows.iter().map(|row| (row.get(0), Self::of(row))).collect())
    }

    fn of(row: &Row) -> Self {
        let make = Make { method: row.get(6), tablespace: row.get(7), options: row.get(8) };
        Self { owner: row.get(4), make }
    }
}

/// Why a table can't be replaced, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Obstacle {
    /// It is something else.
    Kind,
    /// It is somebody else's.
    Owner,
    /// It is more than one table, or part of one.
    Tree,
    /// Something hangs on it.
    Hanging,
}

/// What was found to be in the way: for each kind of obstacle the tables and words.
struct Obstacles<'a> {
    places: &'a [Place],
    doing: &'a str,
    found: BTreeMap<Obstacle, Vec<(u32, String)>>,
}

impl Obstacles<'_> {
    fn add(&mut self, obstacle: Obstacle, oid: u32, words: String) {
        self.found.entry(obstacle).or_default().push((oid, words));
    }

    fn look_at(&mut self, oid: u32, row: &Row, owner: &str) {
        let (kind, relatives): (String, Vec<String>) = (row.get(1), row.get(2));
        let (owned, may_give): (bool, bool) = (row.get(3), row.get(5));
        match kind.as_str() {
            "table" if relatives.is_empty() => {}
            "table" => {
                let words = format!("it is part of an inheritance or partition tree: {}", relatives.join(", "));
                self.add(Obstacle::Tree, oid, words);
            }
            "partitioned table" => self.add(Obstacle::Tree, oid, "it is a partitioned table".to_owned()),
            _ => self.add(Obstacle::Kind, oid, format!("it is a {kind}")),
        }
        if !owned {
            self.add(Obstacle::Owner, oid, format!("must be owner of the table, which belongs to `{owner}`"));
        } else if !may_give {
            let words = format!("a new table can't be given to its owner `{owner}`, who may not create in the schema");
            self.add(Obstacle::Owner, oid, words);
        }
    }

    /// Fails with the worst that was found.
    fn raise(&self) -> Result<(), PgError> {
        let Some((obstacle, told)) = self.found.first_key_value() else { return Ok(()) };
        let full = |oid: u32| {
            let place = self.places.iter().find(|place| place.oid == Some(oid));
            place.map(|place| place.full().to_string()).unwrap_or_default()
        };
        let message = match told.as_slice() {
            [(_, only)] if self.places.len() == 1 => only.clone(),
            _ => told.iter().map(|(oid, words)| format!("{}: {words}", full(*oid))).collect::<Vec<_>>().join("; "),
        };
        let mut error = PgError::without_server(self.doing, message, PgErrorKind::Blocked);
        let hint = match obstacle {
            Obstacle::Kind => "only an ordinary table can be replaced: name another target",
            Obstacle::Owner => {
                (error.kind, error.sqlstate) = (PgErrorKind::Server, Some("42501".to_owned()));
                "make the connection's user a member of the role that owns the table, and let that role create in the schema"
            }
            Obstacle::Tree => FILL_IT,
            Obstacle::Hanging => DROP_FIRST,
        };
        error.hint = Some(hint.to_owned());
        Err(error)
    }
}
