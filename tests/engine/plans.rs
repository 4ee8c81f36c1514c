//! A long line costs no more than a short one: what is asked for each run reads a few rows, also with plans that were made
//! while the tables were empty.

use serde_json::Value;
use windlass::store::RunFilter;

use super::world::World;

/// Runs in line.
const LINE: u32 = 20_000;

/// Most rows that a part of a statement may read.
const FEW: f64 = 500.0;

/// A statement of the store, the types of its values, and the values.
struct Asked {
    name: &'static str,
    text: &'static str,
    types: &'static str,
    values: &'static str,
}

/// What is asked for a run, in the order of its life. `:runs` are the first in line, `:run` is the first, `:me` the daemon.
const ASKED: [Asked; 14] = [
    Asked {
        name: "claim_candidate",
        text: include_str!("../../src/store/sql/claim_candidate.sql"),
        types: "uuid, boolean, bigint, text[]",
        values: ":me, false, 64, '{unreadable}'",
    },
    Asked {
        name: "claim_hold",
        text: include_str!("../../src/store/sql/claim_hold.sql"),
        types: "uuid[]",
        values: ":runs",
    },
    Asked {
        name: "claim_several",
        text: include_str!("../../src/store/sql/claim_take_several.sql"),
        types: "uuid[], uuid, boolean",
        values: ":runs, :me, false",
    },
    Asked {
        name: "claim_several_of_jobs",
        text: include_str!("../../src/store/sql/claim_take_several.sql"),
        types: "uuid[], uuid, boolean",
        values: ":others, :me, true",
    },
    Asked {
        name: "run_own",
        text: include_str!("../../src/store/sql/run_own.sql"),
        types: "uuid, uuid",
        values: ":run, :me",
    },
    Asked {
        name: "run_gate",
        text: include_str!("../../src/store/sql/run_gate.sql"),
        types: "uuid, uuid",
        values: ":run, :me",
    },
    Asked {
        name: "queue_guard_runs",
        text: include_str!("../../src/store/sql/queue_guard_runs.sql"),
        types: "uuid[]",
        values: ":runs",
    },
    Asked {
        name: "queue_call",
        text: include_str!("../../src/store/sql/queue_call.sql"),
        types: "uuid, integer",
        values: ":run, null",
    },
    Asked {
        name: "queue_call_jobs",
        text: include_str!("../../src/store/sql/queue_call_jobs.sql"),
        types: "uuid[], text, text",
        values: ":runs, 'nobody', 'work'",
    },
    Asked {
        name: "record_own",
        text: include_str!("../../src/store/sql/record_own.sql"),
        types: "uuid, uuid[]",
        values: ":me, :runs",
    },
    Asked {
        name: "record_ends",
        text: include_str!("../../src/store/sql/record_ends.sql"),
        types: "uuid, uuid[], integer[], integer[], text[], jsonb[], jsonb[]",
        values: ":me, :runs, array_fill(0, array[16]), array_fill(1, array[16]), array_fill('succeeded'::text, array[16]), \
                 array_fill(null::jsonb, array[16]), array_fill(null::jsonb, array[16])",
    },
    Asked {
        name: "record_starts",
        text: include_str!("../../src/store/sql/record_starts.sql"),
        types: "uuid, uuid[], integer[], integer[]",
        values: ":me, :runs, array_fill(1, array[16]), array_fill(1, array[16])",
    },
    Asked {
        name: "record_alerts",
        text: include_str!("../../src/store/sql/record_alerts.sql"),
        types: "uuid, uuid[], text[], boolean[]",
        values: ":me, :runs, array_fill('recovered'::text, array[16]), array_fill(true, array[16])",
    },
    Asked {
        name: "record_run_ends",
        text: include_str!("../../src/store/sql/record_run_ends.sql"),
        types: "uuid, uuid[], text[], jsonb[], text[], text",
        values: ":me, :runs, array_fill('succeeded'::text, array[16]), array_fill(null::jsonb, array[16]), \
                 array_fill('ended'::text, array[16]), 'nobody'",
    },
];

/// The most rows that a node of a plan read, with the node.
fn most_rows(plan: &Value) -> (f64, String) {
    let number = |name: &str| plan[name].as_f64().unwrap_or(0.0);
    let removed = number("Rows Removed by Filter") + number("Rows Removed by Index Recheck");
    let own = (number("Actual Rows") + removed, plan["Index Name"].as_str().unwrap_or("no index").to_owned());
    let below = plan["Plans"].as_array().into_iter().flatten().map(most_rows);
    below.fold(own, |most, other| if other.0 > most.0 { other } else { most })
}

/// Runs a statement that was prepared, and fails if a part of it read more than a few rows.
async fn reads_few(client: &tokio_postgres::Client, name: &str, values: &str) {
    let explain = format!("explain (analyze, costs off, timing off, format json) execute {name} ({values})");
    let rows = client.simple_query(&explain).await.unwrap();
    let text = rows.iter().find_map(|row| match row {
        tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    let plan: Value = serde_json::from_str(text.unwrap()).unwrap();
    let (rows, index) = most_rows(&plan[0]["Plan"]);
    assert!(rows <= FEW, "{name} read {rows} rows by {index}: {plan:#}");
}

/// What is asked about jobs, one of which rarely runs, and one of which has all the runs.
const OF_JOBS: [Asked; 5] = [
    Asked { name: "job_list", text: include_str!("../../src/store/sql/job_list.sql"), types: "text", values: "null" },
    Asked {
        name: "job_overview",
        text: include_str!("../../src/store/sql/job_overview.sql"),
        types: "text",
        values: "null",
    },
    Asked {
        name: "run_strip",
        text: include_str!("../../src/store/sql/run_strip.sql"),
        types: "text[], bigint",
        values: "'{rare,often}', 30",
    },
    Asked {
        name: "last_outcome",
        text: include_str!("../../src/store/sql/attempt_last_outcome.sql"),
        types: "text, text, uuid",
        values: "'rare', 'a', '00000000-0000-0000-0000-000000000000'",
    },
    Asked {
        name: "last_ends",
        text: concat!(include_str!("../../src/store/sql/job_last_ends.sql"), " and $1"),
        types: "boolean",
        values: "true",
    },
];

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_rarely_runs_is_found_beside_one_that_has_all_the_runs() {
    let world = World::new().await;
    let session = world.database.server().connect("test-plans").await.unwrap();
    let client = session.client();
    let fill = format!(
        "insert into windlass.definition (hash, job, source, resolved, base) values ('hash', 'often', '', '{{}}', '/'); \
         insert into windlass.job (name, definition) values ('often', 'hash'), ('rare', 'hash'); \
         insert into windlass.run (id, job, definition, state, trigger, scheduled_for, created_at, ended_at) \
         select gen_random_uuid(), 'often', 'hash', 'succeeded', 'schedule', now(), now() - n * interval '1 s', now() \
         from generate_series(1, {LINE}) as n; analyze windlass.run; \
         set enable_seqscan = off; set jit = off; set plan_cache_mode = force_generic_plan"
    );
    client.batch_execute(&fill).await.unwrap();
    for Asked { name, text, types, values } in OF_JOBS {
        client.batch_execute(&format!("prepare {name} ({types}) as {text}")).await.unwrap();
        reads_few(client, name, values).await;
    }
    let filter = RunFilter { job: Some("rare".to_owned()), limit: 20, ..RunFilter::default() };
    assert!(world.store.runs(&filter).await.unwrap().is_empty());
    session.close().await;
    world.end_with_daemons_on_paper().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_for_a_run_reads_a_few_rows_of_a_long_line() {
    let world = World::new().await;
    let me = world.daemon_on_paper().await;
    let session = world.database.server().connect("test-plans").await.unwrap();
    let client = session.client();
    // As every connection of the store begins.
    let settings = "set enable_seqscan = off; set jit = off; set plan_cache_mode = force_generic_plan";
    client.batch_execute(settings).await.unwrap();
    let fill_in = |values: &str, runs: &str, others: &str, run: &str| {
        let me = format!("'{}'", me.0);
        values.replace(":runs", runs).replace(":others", others).replace(":run", run).replace(":me", &me)
    };
    let nobody = "'00000000-0000-0000-0000-000000000000'";
    for asked in &ASKED {
        let prepare = format!("prepare {} ({}) as {}", asked.name, asked.types, asked.text);
        client.batch_execute(&prepare).await.unwrap();
        let values = fill_in(asked.values, "'{}'", "'{}'", nobody);
        client.batch_execute(&format!("execute {} ({values})", asked.name)).await.unwrap();
    }
    let fill = format!(
        "insert into windlass.definition (hash, job, source, resolved, base) values ('hash', 'job', '', '{{}}', '/'); \
         insert into windlass.run (id, job, definition, state, trigger, scheduled_for, queued_at) \
         select lpad(to_hex(n), 32, '0')::uuid, 'job' || n % 100, 'hash', 'queued', 'schedule', now(), \
                now() + n * interval '1 us' from generate_series(1, {LINE}) as n"
    );
    client.batch_execute(&fill).await.unwrap();
    let ids = |from: u32| {
        let ids = (from..from + 16).map(|number| format!("{number:032x}")).collect::<Vec<_>>().join(",");
        format!("'{{{ids}}}'")
    };
    let run = format!("'{:032x}'", 1);
    for asked in &ASKED {
        let values = fill_in(asked.values, &ids(1), &ids(17), &run);
        reads_few(client, asked.name, &values).await;
    }
    session.close().await;
    world.end_with_daemons_on_paper().await;
}
