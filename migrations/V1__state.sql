-- The state of Windlass: jobs, firings, runs, attempts, daemons, locks. The protocol is in docs/ARCHITECTURE.md.
-- Times that decide anything come from this database's clock.

-- A job file's content. A run keeps the definition it started with.
create table windlass.definition (
    hash text primary key,                          -- SHA-256 of job, source and folder, hex
    job text not null,
    source text not null,                           -- the file as written
    resolved jsonb not null,                        -- the job as it is run
    base text not null,                             -- the file's folder: where relative paths start
    created_at timestamptz not null default now()
);

-- A job as last loaded.
create table windlass.job (
    name text primary key,
    definition text not null references windlass.definition,
    schedule jsonb,                                 -- null: only started by hand
    planned_through timestamptz not null default now(), -- due times up to here are in the ledger
    paused_at timestamptz,
    retired_at timestamptz,                         -- its file is gone; history stays
    updated_at timestamptz not null default now()
);

-- The ledger: one row per due time, before anything runs.
create table windlass.firing (
    job text not null,
    scheduled_for timestamptz not null,
    state text not null check (state in ('due', 'ran', 'skipped', 'missed', 'superseded')),
    reason text,
    run uuid,
    noticed_at timestamptz not null default now(),
    primary key (job, scheduled_for)
);

-- One incarnation of a daemon. Everything that it does to a run names it.
create table windlass.daemon (
    id uuid primary key,
    host text not null,                             -- machine, boot and process namespace
    pid integer not null,
    process_started bigint not null,                -- tells a pid that was given out again
    version text not null,
    started_at timestamptz not null default now(),
    lease_until timestamptz not null,
    ended_at timestamptz,                           -- given up by itself or taken over by others
    lost boolean not null default false
);
create index daemon_live on windlass.daemon (lease_until) where ended_at is null;

create table windlass.run (
    id uuid primary key,
    job text not null,
    definition text not null references windlass.definition,
    state text not null check (state in ('queued', 'waiting', 'running', 'succeeded', 'failed', 'cancelled')),
    trigger text not null check (trigger in ('schedule', 'manual', 'step')),
    params jsonb not null default '{}',
    scheduled_for timestamptz not null,
    created_at timestamptz not null default now(),
    queued_at timestamptz not null default now(),   -- its place in the line; a retry goes to the end
    started_at timestamptz,
    ended_at timestamptz,
    owner uuid references windlass.daemon,          -- set while running, never otherwise
    private_to uuid references windlass.daemon,     -- only this daemon may claim it (`windlass run`)
    round integer not null default 1,               -- a retry of a finished run is a new round
    round_started_at timestamptz,
    from_step integer not null default 0,           -- the first step of this round
    cancel_requested_at timestamptz,
    waiting_for text,
    failure jsonb,                                  -- only where the reason is not an attempt's failure
    parent_run uuid references windlass.run on delete set null,
    parent_step integer,
    check ((state = 'running') = (owner is not null)),
    unique (parent_run, parent_step)                -- a step triggers one run, however often it is tried
);
create index run_open on windlass.run (queued_at, id) where state in ('queued', 'waiting');
create index run_owned on windlass.run (owner) where owner is not null;
create index run_of_job on windlass.run (job, created_at desc);
create index run_newest on windlass.run (created_at desc);

create table windlass.attempt (
    run uuid not null references windlass.run on delete cascade,
    step integer not null,
    number integer not null,
    round integer not null,
    state text not null check (state in ('running', 'succeeded', 'failed', 'timed_out', 'cancelled', 'lost')),
    daemon uuid not null references windlass.daemon,
    started_at timestamptz not null default now(),
    ended_at timestamptz,
    outcome jsonb,
    failure jsonb,
    primary key (run, step, number)
);
create unique index attempt_running on windlass.attempt (run) where state = 'running';

-- A place in the queue for a lock; it goes when the lock is granted or the run gives up.
create table windlass.lock_request (
    id bigint generated always as identity primary key,
    name text not null,
    run uuid not null references windlass.run on delete cascade,
    step integer not null,                          -- -1: for the whole run
    requested_at timestamptz not null default now(),
    unique (name, run, step)
);

-- A held lock. The token grows with every grant.
create sequence windlass.lock_token;
create table windlass.lock_grant (
    name text not null,
    run uuid not null references windlass.run on delete cascade,
    step integer not null,
    token bigint not null default nextval('windlass.lock_token'),
    -- Not now(): the granting transaction may have begun before the one that released, and waited for it.
    granted_at timestamptz not null default clock_timestamp(),
    released_at timestamptz,
    waited_s double precision not null,
    primary key (token)
);
create unique index lock_held on windlass.lock_grant (name, run, step) where released_at is null;
create index lock_of_run on windlass.lock_grant (run);

-- What people and tokens did.
create table windlass.audit (
    id bigint generated always as identity primary key,
    at timestamptz not null default now(),
    actor text not null,
    action text not null,
    subject text not null,
    detail jsonb not null default '{}'
);
