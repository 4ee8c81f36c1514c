//! A new table is like the old one in everything that the server's own tools can see.

use std::process::Command;

use windlass::postgres::Session;

use super::replace;
use crate::support::{TestDatabase, TestServer, servers};

/// A name of 63 bytes.
const LONG: &str = "주문_내역_가장_긴_이름의_표_육십삼_바이트_1234";

/// What all catalogues say of a table, of its parts and of the privileges, in words that hold no number of an object.
const FINGERPRINT: &str = include_str!("fingerprint.sql");

#[tokio::test]
async fn a_table_with_everything_is_the_same_after_it_was_replaced() {
    assert_eq!(LONG.len(), 63);
    for server in servers() {
        let database = server.database().await;
        let prefix = database.name().to_owned();
        let session = database.server().connect("replacement").await.unwrap();
        let roles = ["owner", "reader", "writer"].map(|role| format!("create role {prefix}_{role}"));
        session.execute(&roles.join("; "), "making roles").await.unwrap();
        let make = include_str!("everything.sql").replace(":prefix", &prefix).replace(":long", &format!("\"{LONG}\""));
        session.execute(&make, "making the table").await.unwrap();
        make_newer(&session, server.major(), &prefix).await;
        let (table, full) = (format!("적재.{LONG}"), format!("\"적재\".\"{LONG}\""));
        let newest = if server.major() >= 18 { (", period_of", ", '[1,5)'") } else { ("", "") };
        let columns = format!("(n, txt, code, ref, parent, self, \"아이디\", span{})", newest.0);
        let row =
            |id: u32| format!("({id}, 'text {id}', 'c{id}', 1, 1, 1, {id}, int4range({id}, {id} + 1){})", newest.1);
        session.execute(&format!("insert into {full} {columns} values {}", row(1)), "adding a row").await.unwrap();
        let before = (fingerprint(&session).await, dump(server, &database));

        for round in 0..2 {
            let fill = format!(
                "insert into \"적재\".hidden_0 {columns} overriding system value values {}, {}",
                row(1),
                row(7)
            );
            let replaced = replace(&session, &[&table], &fill).await.unwrap();
            let lost = replaced[0].lost();
            assert!(lost[0].contains(&format!("subscribers of publication {prefix}_publication")), "{lost:?}");
            assert!(lost.iter().all(|lost| lost.contains("only later changes")), "{lost:?}");
            assert!(replaced[0].drift().is_empty());
            assert_eq!(database.value(&format!("select count(*) from {full}")).await, "2");
            let after = (fingerprint(&session).await, dump(server, &database));
            assert_same(&before.0, &after.0, &format!("catalogue of {}, round {round}", server.major()));
            if let (Some(before), Some(after)) = (&before.1, &after.1) {
                assert_same(before, after, "dump");
            }
        }
        // It counts on from where it stood.
        let next = format!(
            "insert into {full} (txt, n, code{}) values ('x', 1, 'y'{}) returning \"아이디\"",
            newest.0, newest.1
        );
        let next: i64 = session.query_one(&next, &[], "adding a row").await.unwrap().get(0);
        assert_eq!(next, 210);
        session.close().await;
        let drop = format!(
            "drop schema other, \"적재\" cascade; drop owned by {prefix}_owner, {prefix}_reader, {prefix}_writer; drop role {prefix}_owner, {prefix}_reader, {prefix}_writer"
        );
        database.execute(&drop).await;
        if server.major() >= 15 {
            database.execute(&format!("drop tablespace {prefix}_space")).await;
        }
        database.close().await;
    }
}

/// What only newer versions have.
async fn make_newer(session: &Session, major: u32, prefix: &str) {
    let full = format!("\"적재\".\"{LONG}\"");
    let mut statements = Vec::new();
    if major >= 15 {
        statements.push(format!(
            "alter table {full} add constraint nulls_alike unique nulls not distinct (n, code, ref);
             create publication {prefix}_part for table {full} (\"아이디\", n, txt) where (n > 3);
             alter table {full} add elsewhere int;
             set allow_in_place_tablespaces = on"
        ));
        // In a transaction of its own.
        statements.push(format!("create tablespace {prefix}_space location ''"));
        statements.push(format!(
            "alter table {full} set tablespace {prefix}_space; alter index \"적재\".hashed set tablespace {prefix}_space;
             alter index \"적재\".\"겹침\" set tablespace {prefix}_space;
             grant create on tablespace {prefix}_space to {prefix}_owner"
        ));
    }
    if major >= 18 {
        statements.push(format!(
            "alter table {full} add seen int generated always as (n + 1) virtual, add period_of int4range not null,
             add constraint overlapping unique (span, period_of without overlaps),
             add constraint loose check (n > 5) not enforced, add constraint \"값 있음\" not null code not valid"
        ));
    }
    for statement in statements {
        session.execute(&statement, "making what newer versions have").await.unwrap();
    }
}

async fn fingerprint(session: &Session) -> String {
    let rows = session.query(FINGERPRINT, &[], "looking at the catalogue").await.unwrap();
    rows.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>().join("\n")
}

/// What `pg_dump` says, where there is one that understands the server.
fn dump(server: &TestServer, database: &TestDatabase) -> Option<String> {
    let program = server.programs().join("pg_dump");
    if !program.exists() {
        return None;
    }
    let output = Command::new(program).args(["--schema-only", database.url()]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    // Newer ones guard each dump by a random word.
    Some(text.lines().filter(|line| !line.starts_with('\\')).collect::<Vec<_>>().join("\n"))
}

fn assert_same(before: &str, after: &str, what: &str) {
    let gone = before.lines().filter(|line| !after.lines().any(|other| other == *line));
    let new = after.lines().filter(|line| !before.lines().any(|other| other == *line));
    let differ: Vec<String> = gone.map(|line| format!("- {line}")).chain(new.map(|line| format!("+ {line}"))).collect();
    assert!(differ.is_empty(), "{what}:\n{}", differ.join("\n"));
    assert_eq!(before.lines().count(), after.lines().count(), "{what}");
}
