//! A PostgreSQL connection: reach and login, encryption, privileges, worker slots, sessions, clock.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::code::Code;
use crate::domain::failure::Side;
use crate::domain::finding::{Finding, Verdict};
use crate::postgres::{Ident, Monitoring, PgError, Server, Session, WorkerSlots};

use super::needs::Need;

/// The oldest major version that Windlass works with.
const OLDEST: i32 = 14;

/// By how much two clocks may differ without a word: schedules go by the state database's, templates by the daemon's.
const SKEW: TimeDelta = TimeDelta::seconds(2);

/// Sessions that should be left for others.
const SPARE: i64 = 5;

/// Looks at it.
pub(super) async fn examine(subject: &str, server: &Server, need: Need, now: fn() -> DateTime<Utc>) -> Vec<Finding> {
    let session = match server.connect("windlass doctor").await {
        Ok(session) => session,
        Err(error) => return vec![unreachable(subject, server, error)],
    };
    let mut found = Vec::new();
    let looking = async {
        found.extend(server_itself(subject, server, &session).await?);
        found.push(clock(subject, &session, now).await?);
        found.extend(privileges(subject, &session, &need).await?);
        for (schema, job) in &need.schemas {
            found.push(may_create(subject, &session, schema, job).await?);
        }
        if let Some(workers) = &need.workers {
            found.push(worker_slots(subject, &session, workers).await?);
        }
        found.push(sessions(subject, &session, need.sessions).await?);
        Ok::<_, PgError>(())
    };
    let looked = looking.await;
    session.close().await;
    if let Err(error) = looked {
        found.push(Finding::new(subject, "questions", Verdict::Unreachable, error.to_string()));
    }
    found
}

/// That it can't be used, and what mends it.
pub(super) fn unreachable(subject: &str, server: &Server, error: PgError) -> Finding {
    let sqlstate = error.sqlstate.clone();
    let failure = error.on(Side::Target);
    let seen = format!(
        "{}{}",
        failure.message,
        sqlstate.as_ref().map(|state| format!(" (SQLSTATE {state})")).unwrap_or_default()
    );
    let (what, verdict) = match failure.code {
        Code::PostgresLogin => ("login", Verdict::Problem),
        Code::PostgresTls => ("encryption", Verdict::Problem),
        _ => ("reach", Verdict::Unreachable),
    };
    let config = server.config();
    let user = Ident::new(config.get_user().unwrap_or("windlass"));
    let database = Ident::new(config.get_dbname().unwrap_or("windlass"));
    let mend = match sqlstate.as_deref() {
        Some("3D000") => Some(format!("create database {database} owner {user};")),
        Some("28P01") => Some(format!("alter role {user} password '…';")),
        // The same code for a login that no line of pg_hba.conf allows.
        Some("28000") if seen.contains("pg_hba.conf") => Some(format!(
            "host {database} {user} samenet scram-sha-256 # in pg_hba.conf, then: select pg_reload_conf();"
        )),
        Some("28000") => Some(format!("create role {user} login password '…';")),
        Some("53300") => Some("alter system set max_connections = 200; -- then restart the server".to_owned()),
        _ => None,
    };
    Finding { hint: failure.hint, mend, ..Finding::new(subject, what, verdict, seen) }
}

async fn server_itself(subject: &str, server: &Server, session: &Session) -> Result<Vec<Finding>, PgError> {
    let asked = "select current_setting('server_version'), current_setting('server_version_num')::int4 / 10000, \
                 pg_is_in_recovery(), coalesce(ssl.ssl, false), ssl.version, \
                 inet_server_addr() is null or inet_server_addr() << '127.0.0.0/8' or inet_server_addr() = '::1' \
                 from (select 1) as one left join pg_stat_ssl as ssl on ssl.pid = pg_backend_pid()";
    let row = session.query_one(asked, &[], "asking who the server is").await?;
    let (version, major): (String, i32) = (row.get(0), row.get(1));
    let (standby, encrypted, local): (bool, bool, bool) = (row.get(2), row.get(3), row.get(5));
    let mut found = vec![Finding::fine(subject, "login", server.to_string())];
    let seen = format!("PostgreSQL {version}{}", if standby { ", a standby" } else { "" });
    found.push(if major < OLDEST {
        let hint = format!("Windlass is made for PostgreSQL {OLDEST} and later");
        Finding::new(subject, "version", Verdict::Warning, seen).because(hint)
    } else {
        Finding::fine(subject, "version", seen)
    });
    found.push(match row.get::<_, Option<String>>(4).filter(|_| encrypted) {
        Some(tls) => Finding::fine(subject, "encryption", tls),
        None if local => Finding::fine(subject, "encryption", "none, on this machine"),
        None => {
            Finding::new(subject, "encryption", Verdict::Warning, "none: passwords and rows can be read on the way")
                .because(
                    "add `sslmode=verify-full` to the connection's url; if the server has no TLS yet, switch it on",
                )
                .mended_by("alter system set ssl = on; select pg_reload_conf();")
        }
    });
    Ok(found)
}

/// Compares the server's clock with this machine's.
pub(super) async fn clock(subject: &str, session: &Session, now: fn() -> DateTime<Utc>) -> Result<Finding, PgError> {
    let before = now();
    let row = session.query_one("select clock_timestamp()", &[], "asking for the time").await?;
    let after = now();
    let theirs: DateTime<Utc> = row.get(0);
    // Somewhere between question and answer it was that late there.
    let ahead = if theirs > after {
        theirs - after
    } else if theirs < before {
        theirs - before
    } else {
        TimeDelta::zero()
    };
    let by = humantime::format_duration(ahead.abs().to_std().unwrap_or_default()).to_string();
    let by = by.split(' ').take(2).collect::<Vec<_>>().join(" ");
    if ahead.abs() <= SKEW {
        return Ok(Finding::fine(subject, "clock", "as this machine's"));
    }
    let way = if ahead > TimeDelta::zero() { "ahead of" } else { "behind" };
    let seen = format!("{by} {way} this machine's");
    Ok(Finding::new(subject, "clock", Verdict::Warning, seen)
        .because("one of the two is wrong: times in logs and in data will not fit together")
        .mended_by("timedatectl set-ntp true"))
}

async fn privileges(subject: &str, session: &Session, need: &Need) -> Result<Vec<Finding>, PgError> {
    let monitoring = Monitoring::of(session).await?;
    let mut found = Vec::new();
    if need.workers.is_some() {
        found.push(match monitoring.grant_to_see() {
            None => Finding::fine(subject, "pg_read_all_stats", "granted"),
            Some(grant) => Finding::new(subject, "pg_read_all_stats", Verdict::Warning, "not granted")
                .because("other users' parallel workers can't be seen, so free worker slots aren't waited for")
                .mended_by(format!("{grant};")),
        });
    }
    let only = "only needed to end sessions of another user, for example after a connection's user was changed";
    found.push(match monitoring.grant_to_signal() {
        None => Finding::fine(subject, "pg_signal_backend", "granted"),
        Some(grant) => {
            Finding::fine(subject, "pg_signal_backend", "not granted").because(only).mended_by(format!("{grant};"))
        }
    });
    Ok(found)
}

/// Whether tables can be made in a schema; without a name in the one where the search path leads.
async fn may_create(subject: &str, session: &Session, schema: &str, job: &str) -> Result<Finding, PgError> {
    let asked = "select name, name is not null and has_schema_privilege(current_user, name, 'CREATE'), \
                 current_user::text, has_database_privilege(current_database(), 'CREATE') \
                 from (select case when $1 = '' then current_schema()::text \
                              else (select nspname::text from pg_namespace where nspname = $1) end as name) as schema";
    let row = session.query_one(asked, &[&schema], "asking for privileges on a schema").await?;
    let name: Option<String> = row.get(0);
    let (allowed, user): (bool, String) = (row.get(1), row.get(2));
    let user = Ident::new(&user);
    let what =
        format!("CREATE in {}", if schema.is_empty() { name.as_deref().unwrap_or("the search path") } else { schema });
    Ok(match name {
        Some(_) if allowed => Finding::fine(subject, what, "allowed"),
        Some(name) => Finding::new(subject, what, Verdict::Problem, format!("not allowed; {job} makes tables there"))
            .mended_by(format!("grant usage, create on schema {} to {user};", Ident::new(&name))),
        None => {
            let schema = if schema.is_empty() { "windlass_target" } else { schema };
            Finding::new(subject, what, Verdict::Problem, format!("there is no such schema; {job} makes tables there"))
                .mended_by(format!("create schema {} authorization {user};", Ident::new(schema)))
        }
    })
}

async fn worker_slots(
    subject: &str,
    session: &Session,
    (target, minimum, job): &(u32, u32, String),
) -> Result<Finding, PgError> {
    let slots = WorkerSlots::count(session).await?;
    let row = session
        .query_one("select current_setting('max_parallel_workers_per_gather')", &[], "asking for worker settings")
        .await?;
    let per_gather: String = row.get(0);
    let seen = format!(
        "max_worker_processes {}, max_parallel_workers {}, max_parallel_workers_per_gather {per_gather} (raised by the step); \
         {job} wants {target}, at least {minimum}; now {} are free",
        slots.processes,
        slots.limit,
        slots.free()
    );
    if slots.most() >= *target {
        return Ok(Finding::fine(subject, "workers", seen));
    }
    let verdict = if slots.most() < *minimum { Verdict::Problem } else { Verdict::Warning };
    let mut mend = Vec::new();
    if slots.processes.saturating_sub(slots.permanent) < *target {
        let processes = target + slots.permanent + 4;
        mend.push(format!("alter system set max_worker_processes = {processes}; -- then restart the server"));
    }
    if slots.limit < *target {
        mend.push(format!("alter system set max_parallel_workers = {target}; select pg_reload_conf();"));
    }
    let hint = format!("{job} can never have its {target} workers here");
    Ok(Finding::new(subject, "workers", verdict, seen).because(hint).mended_by(mend.join("\n")))
}

/// Whether there is room for more sessions.
pub(super) async fn sessions(subject: &str, session: &Session, wanted: u32) -> Result<Finding, PgError> {
    let asked = "select current_setting('max_connections')::int8 - current_setting('superuser_reserved_connections')::int8, \
                 (select sum(numbackends)::int8 from pg_stat_database)";
    let row = session.query_one(asked, &[], "counting sessions").await?;
    let (most, used): (i64, i64) = (row.get(0), row.get(1));
    let free = most - used;
    let seen = format!("{used} of {most} are used");
    if free >= i64::from(wanted) + SPARE {
        return Ok(Finding::fine(subject, "sessions", seen));
    }
    let hint = format!("a step opens up to {wanted} of them; what holds them is in pg_stat_activity");
    Ok(Finding::new(subject, "sessions", Verdict::Warning, seen)
        .because(hint)
        .mended_by(format!("alter system set max_connections = {}; -- then restart the server", most * 2)))
}
