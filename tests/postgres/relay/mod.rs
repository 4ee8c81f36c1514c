//! Relays between real servers: what arrives, and what is left when something breaks.

mod breaking;
mod content;
mod ending;
mod vanishing;

use windlass::postgres::{Flow, Relay, RelayError, Relayed, Server, Session};

use crate::support::{TestDatabase, server};

/// Two sessions of one database, and a third to look with.
struct Pair {
    database: TestDatabase,
    source: Session,
    target: Session,
    flow: Flow,
}

impl Pair {
    /// In a fresh database, prepared by these statements.
    async fn of(statements: &str) -> Self {
        let database = server().database().await;
        database.execute(statements).await;
        let (source, target) = sessions(&database.server()).await;
        Self { database, source, target, flow: Flow::default() }
    }

    /// Relays the rows of a query into a table.
    async fn relay(&self, query: &str, table: &str, format: &str) -> Result<Relayed, RelayError> {
        relay(&self.source, query, &self.target, table, format, &self.flow).await
    }

    /// A relay of this pair that fails.
    async fn failure(&self, query: &str, table: &str) -> RelayError {
        self.relay(query, table, "text").await.expect_err("the relay should fail")
    }

    /// Terminates the server process of a session.
    async fn terminate(&self, session: &Session) {
        assert_eq!(self.database.value(&format!("select pg_terminate_backend({})", session.pid())).await, "true");
    }

    /// Returns once rows are under way.
    async fn under_way(&self) {
        crate::support::eventually("rows are under way", async || self.flow.rows() > 100).await;
    }

    /// Stops both sessions; nothing of them may be left.
    async fn stop(self) {
        let (source, target) = tokio::join!(self.source.stop(), self.target.stop());
        source.unwrap();
        target.unwrap();
        self.database.close().await;
    }
}

/// A session for each side.
async fn sessions(server: &Server) -> (Session, Session) {
    (server.connect("relay/source").await.unwrap(), server.connect("relay/target").await.unwrap())
}

/// Relays the rows of a query into a table.
async fn relay(
    source: &Session,
    query: &str,
    target: &Session,
    table: &str,
    format: &str,
    flow: &Flow,
) -> Result<Relayed, RelayError> {
    let out = format!("copy ({query}) to stdout (format {format})");
    let into = format!("copy {table} from stdin (format {format})");
    Box::pin(Relay { source, out: &out, target, into: &into, flow }.run()).await
}
