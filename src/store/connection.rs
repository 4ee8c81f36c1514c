//! A connection to the state database, and a transaction on it, whose statements are prepared once and kept.
//!
//! The driver prepares a text anew at each call: a round trip, and the planner's work. The state's statements are few
//! and the same all day.

use deadpool_postgres::{GenericClient, Object};
use futures_util::future::{join_all, join3};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row};

/// Values of a statement.
pub(super) type Values<'v> = &'v [&'v (dyn ToSql + Sync)];

/// Makes a transaction not wait for the disk: what it writes may be lost if the server crashes, and nothing else.
pub(super) const RELAXED: &str = "set local synchronous_commit = off";

/// A value that a call owns.
pub(super) type Value<'v> = Box<dyn ToSql + Sync + Send + 'v>;

/// A statement and its values, to be sent with others.
pub(super) struct Call<'v> {
    /// The statement.
    pub(super) statement: &'static str,
    /// Its values.
    pub(super) values: Vec<Value<'v>>,
}

/// What statements are sent through.
pub(super) struct Prepared<C>(pub(super) C);

/// A connection.
pub(super) type Connection = Prepared<Object>;

/// A transaction.
pub(super) type Transaction<'c> = Prepared<deadpool_postgres::Transaction<'c>>;

impl<C: GenericClient> Prepared<C> {
    /// All rows.
    pub(super) async fn query(&self, statement: &str, values: Values<'_>) -> Result<Vec<Row>, Error> {
        let statement = self.0.prepare_cached(statement).await?;
        self.0.query(&statement, values).await
    }

    /// One row or none.
    pub(super) async fn query_opt(&self, statement: &str, values: Values<'_>) -> Result<Option<Row>, Error> {
        let statement = self.0.prepare_cached(statement).await?;
        self.0.query_opt(&statement, values).await
    }

    /// One row.
    pub(super) async fn query_one(&self, statement: &str, values: Values<'_>) -> Result<Row, Error> {
        let statement = self.0.prepare_cached(statement).await?;
        self.0.query_one(&statement, values).await
    }

    /// How many rows changed.
    pub(super) async fn execute(&self, statement: &str, values: Values<'_>) -> Result<u64, Error> {
        let statement = self.0.prepare_cached(statement).await?;
        self.0.execute(&statement, values).await
    }
}

impl Connection {
    /// Runs statements as one transaction and returns the rows of each. They are sent all at once and answered in one
    /// round trip, so none can depend in our code on another's answer: what must hold, each of them asks for itself.
    pub(super) async fn at_once(&self, calls: &[Call<'_>]) -> Result<Vec<Vec<Row>>, Error> {
        let mut prepared = Vec::with_capacity(calls.len());
        for call in calls {
            prepared.push(self.0.prepare_cached(call.statement).await?);
        }
        let values: Vec<Vec<&(dyn ToSql + Sync)>> = calls
            .iter()
            .map(|call| call.values.iter().map(|value| &**value as &(dyn ToSql + Sync)).collect())
            .collect();
        // A request is sent when its future is first polled, and these are polled in order. After an error the server
        // passes over the others and takes everything back, so the first error is the cause.
        let work = join_all(prepared.iter().zip(&values).map(|(statement, values)| self.0.query(statement, values)));
        let (begun, answers, committed) =
            join3(self.0.batch_execute("begin"), work, self.0.batch_execute("commit")).await;
        begun?;
        let answers = answers.into_iter().collect::<Result<_, _>>()?;
        committed?;
        Ok(answers)
    }
}
