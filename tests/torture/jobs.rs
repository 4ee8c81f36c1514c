//! Jobs of several kinds, each due every second.

/// All jobs, by name, with their files.
pub(super) fn all() -> Vec<(&'static str, String)> {
    let file = |name: &str, rest: &str| {
        format!(
            "job: {name}\nschedule: {{every: 1s, missed: all}}\nretry: {{attempts: 100, delay: 100ms, backoff: constant, \
             on: [transient, timeout]}}\n{rest}"
        )
    };
    let alone = |name: &str, lock: &str| {
        let guard = "do $$ begin if not pg_try_advisory_xact_lock(1) then raise exception 'two at once'; end if; \
                     perform pg_sleep(0.1); end $$";
        let sql = format!("    sql:\n      connection: target\n      statement: \"{guard}\"\n");
        file(name, &format!("{lock}steps:\n  - id: alone\n{sql}"))
    };
    let step_lock = alone("step_lock", "").replace("  - id: alone\n", "  - id: alone\n    locks: [account/a]\n");
    let pair =
        "locks: [pair/x]\nsteps:\n  - id: both\n    sql: {connection: target, statement: select pg_sleep(0.2)}\n";
    let append = "steps:\n  - id: add\n    collect:\n      query: {connection: target, statement: \"select {{ run.id }} as run\"}\n      \
                  into: {connection: target, table: appended, mode: append}\n";
    let copy = "steps:\n  - id: copy\n    copy_to_staging:\n      from: {connection: target, table: origin}\n      \
                to: {connection: target, table: staged}\n";
    let replica = "steps:\n  - id: publish\n    publish_replica: {from: {connection: target, tables: [origin]}, to: ../out/replica.db}\n";
    let program = "steps:\n  - id: sleep\n    command: {program: sleep, args: [\"0.20304\"]}\n";
    let chain = "locks: [chain]\nsteps:\n  - id: next\n    trigger: {job: called, wait: true}\n";
    let called = "job: called\nretry: {attempts: 100, delay: 100ms, backoff: constant}\nsteps:\n  - id: nothing\n    \
                  sql: {connection: target, statement: select 1}\n";
    vec![
        ("run_lock", alone("run_lock", "locks: [account/a]\n")),
        ("step_lock", step_lock),
        ("pair", file("pair", pair)),
        ("append", file("append", append)),
        ("copy", file("copy", copy)),
        // Takes longer than the others, so it may be due while it is at work.
        ("replica", file("replica", replica).replace("missed: all", "missed: all, overlap: skip")),
        ("program", file("program", program)),
        ("chain", file("chain", chain)),
        ("called", called.to_owned()),
    ]
}

/// What the programs of the jobs are called with.
pub(super) const PROGRAM: &str = "sleep 0.20304";
