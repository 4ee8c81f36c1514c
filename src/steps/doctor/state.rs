//! The state database: who answers, which schema it has, what would cut our connections.

use chrono::{DateTime, Utc};

use crate::domain::finding::{Finding, Verdict};
use crate::postgres::{Ident, PgError, Server, Session};

use super::connection::{clock, sessions, unreachable};

const SUBJECT: &str = "state";

/// Connections of one daemon to it.
const CONNECTIONS: u32 = 10;

/// Looks at it. `migration`: the newest that this binary knows.
pub(super) async fn examine(server: &Server, migration: i32, now: fn() -> DateTime<Utc>) -> Vec<Finding> {
    let session = match server.connect("windlass doctor").await {
        Ok(session) => session,
        Err(error) => return vec![unreachable(SUBJECT, server, error)],
    };
    let mut found = Vec::new();
    let looking = async {
        let asked = "select current_setting('server_version'), current_user::text, pg_is_in_recovery()";
        let row = session.query_one(asked, &[], "asking who the server is").await?;
        let (version, user): (String, String) = (row.get(0), row.get(1));
        found.push(Finding::fine(SUBJECT, "login", server.to_string()));
        found.push(if row.get(2) {
            Finding::new(SUBJECT, "version", Verdict::Problem, format!("PostgreSQL {version}, a standby")).because(
                "nothing can be written there: name the primary, or all hosts with `target_session_attrs=read-write`",
            )
        } else {
            Finding::fine(SUBJECT, "version", format!("PostgreSQL {version}"))
        });
        found.push(schema(&session, migration, &user).await?);
        found.extend(limits(&session, &user).await?);
        found.push(sessions(SUBJECT, &session, CONNECTIONS).await?);
        found.push(clock(SUBJECT, &session, now).await?);
        Ok::<_, PgError>(())
    };
    let looked = looking.await;
    session.close().await;
    if let Err(error) = looked {
        found.push(Finding::new(SUBJECT, "questions", Verdict::Unreachable, error.to_string()));
    }
    found
}

async fn schema(session: &Session, migration: i32, user: &str) -> Result<Finding, PgError> {
    const WHAT: &str = "schema";
    let asked = "select to_regclass('windlass.migration') is not null, \
                 coalesce(has_schema_privilege(to_regnamespace('windlass')::oid, 'CREATE'), \
                          has_database_privilege(current_database(), 'CREATE')), current_database()::text";
    let row = session.query_one(asked, &[], "looking for the schema").await?;
    let (there, may_create, database): (bool, bool, String) = (row.get(0), row.get(1), row.get(2));
    if !may_create {
        let mend = format!("grant create on database {} to {};", Ident::new(&database), Ident::new(user));
        return Ok(Finding::new(SUBJECT, WHAT, Verdict::Problem, "tables can't be made or changed").mended_by(mend));
    }
    if !there {
        return Ok(Finding::fine(SUBJECT, WHAT, "not there yet; the first daemon makes it"));
    }
    let row = session
        .query_one(
            "select coalesce(max(version), 0)::int4 from windlass.migration",
            &[],
            "reading the schema's version",
        )
        .await?;
    let version: i32 = row.get(0);
    let seen = format!("version {version}, this Windlass has {migration}");
    Ok(match version.cmp(&migration) {
        std::cmp::Ordering::Equal => Finding::fine(SUBJECT, WHAT, seen),
        std::cmp::Ordering::Less => {
            Finding::fine(SUBJECT, WHAT, format!("{seen}; the next daemon brings it up to date"))
        }
        std::cmp::Ordering::Greater => Finding::new(SUBJECT, WHAT, Verdict::Problem, seen)
            .because("a newer Windlass has been here: run that version"),
    })
}

/// Settings that would end connections which have nothing to do, or statements that take a while.
async fn limits(session: &Session, user: &str) -> Result<Vec<Finding>, PgError> {
    let asked = "select name, setting::int8, unit from pg_settings \
                 where name in ('idle_session_timeout', 'statement_timeout', 'transaction_timeout') and setting::int8 > 0";
    let rows = session.query(asked, &[], "reading limits").await?;
    let found: Vec<Finding> = rows
        .iter()
        .map(|row| {
            let (name, setting, unit): (String, i64, String) = (row.get(0), row.get(1), row.get(2));
            let hint =
                "connections that wait for work are cut, and opened anew each time; small limits make calls fail";
            Finding::new(SUBJECT, &name, Verdict::Warning, format!("{setting} {unit}"))
                .because(hint)
                .mended_by(format!("alter role {} set {name} = 0;", Ident::new(user)))
        })
        .collect();
    Ok(if found.is_empty() { vec![Finding::fine(SUBJECT, "limits", "none that would cut connections")] } else { found })
}
