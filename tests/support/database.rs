//! A database for one test.

use std::time::{Duration, Instant};

use windlass::postgres::embedded::Embedded;
use windlass::postgres::{Server, Session};

/// Sessions of Windlass that are still in a database.
const LEFT: &str = "select application_name || ': ' || coalesce(query, '') from pg_stat_activity \
                    where datname = $1 and application_name like 'windlass/%' and backend_type = 'client backend'";

/// How long sessions may take to go after their step has returned.
const PATIENCE: Duration = Duration::from_secs(20);

/// A fresh database. End a test with `close().await`: it checks that no session of Windlass was left behind.
pub(crate) struct TestDatabase {
    name: String,
    server: Server,
    url: String,
    maintenance: Server,
    admin: Option<Session>,
}

impl TestDatabase {
    pub(super) async fn make(server: &Embedded) -> Self {
        let name = format!("test_{}", uuid::Uuid::now_v7().simple());
        let maintenance = server.server("postgres");
        let session = Box::pin(maintenance.connect("test-maintenance")).await.unwrap();
        session.client().batch_execute(&format!("create database {name}")).await.unwrap();
        let own = server.server(&name);
        let admin = Some(Box::pin(own.connect("test-admin")).await.unwrap());
        Self { url: server.url(&name), server: own, name, maintenance, admin }
    }

    /// How a step connects.
    pub(crate) fn server(&self) -> Server {
        self.server.clone()
    }

    /// How a program connects.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A superuser's session in it, for making things ready and looking at results.
    pub(crate) fn admin(&self) -> &tokio_postgres::Client {
        self.admin.as_ref().unwrap().client()
    }

    /// Opens the superuser's session anew, once a server that was stopped or has crashed is back.
    pub(crate) async fn reconnect(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        self.admin = loop {
            match self.server.connect("test-admin").await {
                Ok(session) => break Some(session),
                Err(error) => assert!(Instant::now() < deadline, "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
    }

    /// Sets what every new session in the database begins with: `statement_timeout = '1s'`.
    pub(crate) async fn set_default(&self, setting: &str) {
        self.execute(&format!("alter database {} set {setting}", self.name)).await;
    }

    /// Runs statements as superuser.
    pub(crate) async fn execute(&self, statements: &str) {
        self.admin().batch_execute(statements).await.unwrap();
    }

    /// Lets nothing into the record of actions from now on, or with `update` nothing be added to its entries: as if
    /// whoever acts died between the deed and its entry.
    pub(crate) async fn refuse_record(&self, event: &str) {
        self.execute(&format!(
            "create or replace function public.refuse() returns trigger language plpgsql as $$ begin raise 'no record'; end $$;
             create trigger refuse before {event} on windlass.audit for each row execute function public.refuse()"
        ))
        .await;
    }

    /// Lets it record again.
    pub(crate) async fn record_again(&self) {
        self.execute("drop trigger refuse on windlass.audit").await;
    }

    /// One value of one row, as text.
    pub(crate) async fn value(&self, query: &str) -> String {
        let row = self.admin().query_one(&format!("select ({query})::text"), &[]).await.unwrap();
        row.get::<_, Option<String>>(0).unwrap_or_else(|| "null".to_owned())
    }

    /// Checks that nothing of Windlass is connected any more and drops the database.
    pub(crate) async fn close(mut self) {
        self.admin = None;
        let session = Box::pin(self.maintenance.connect("test-maintenance")).await.unwrap();
        let deadline = Instant::now() + PATIENCE;
        loop {
            let rows = session.client().query(LEFT, &[&self.name]).await.unwrap();
            if rows.is_empty() {
                break;
            }
            let left: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
            assert!(Instant::now() < deadline, "sessions were left behind: {left:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        session.client().batch_execute(&format!("drop database {} with (force)", self.name)).await.unwrap();
        self.name.clear();
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // Sessions of this test's runtime can't end while `drop` blocks it, so the check can't be done here. A failed
        // test leaves its database to the end of the server.
        assert!(self.name.is_empty() || std::thread::panicking(), "end the test with `database.close().await`");
    }
}
