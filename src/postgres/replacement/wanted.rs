//! What is asked for: a place, a hidden name, and what rows will come.

use crate::postgres::columns::Column;

use super::place::Place;

/// A new table that is wanted at a place.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Where it will stand.
    pub place: Place,
    /// Its name until then, in the same schema: at most 55 bytes, so that its indexes have hidden names too. No two
    /// tables of one plan have the same.
    pub hidden: String,
    /// What is known of its columns.
    pub coming: Coming,
    /// Whether it is made UNLOGGED.
    pub unlogged: bool,
    /// Whether the old table's indexes come along; those of its constraints do anyway.
    pub indexes: bool,
}

/// What is known of a new table's columns.
#[derive(Clone, Debug)]
pub enum Coming {
    /// Rows with these columns. Where the old table has other ones, these win, and the difference is told.
    Columns(Vec<Column>),
    /// Rows that fit the old table; it is made just like that.
    Like {
        /// What stands between the parentheses of CREATE TABLE if there is no old table.
        otherwise: String,
    },
    /// The table has been made already under its hidden name (CREATE TABLE AS), rows and all.
    Made,
}
