-- What somebody should hear of. A row is written with what causes it, and told by whichever daemon claims it.
create table windlass.alert (
    id uuid primary key default gen_random_uuid(),
    kind text not null check (kind in ('failed', 'recovered', 'deadline', 'replica_old', 'lock_waited', 'attempt_lost')),
    job text not null,
    subject text not null,                          -- what it is about: a run, a job, a replica
    moment text not null,                           -- which of the times that it could be told about that
    run uuid,                                       -- runs go by their own retention
    definition text,                                -- the job's as it was then
    by_settings boolean not null,                   -- whether `notify` of windlass.yaml says who is told, or the job's own
    detail jsonb not null default '{}',
    at timestamptz not null default now(),
    state text not null default 'pending'
        check (state in ('pending', 'delivered', 'folded', 'given_up', 'unheard')),
    tries integer not null default 0,
    next_try timestamptz not null default now(),
    claimed_by uuid,                                -- the daemon that is telling it
    claimed_until timestamptz,                      -- after that it was forgotten
    told text[] not null default '{}',              -- receivers that have it already
    settled_at timestamptz,
    error text,                                     -- what a receiver said last
    folded_into uuid,                               -- the one that it was told with
    unique (kind, subject, moment)                  -- however many daemons notice it
);
create index alert_pending on windlass.alert (next_try) where state = 'pending';
create index alert_of_job on windlass.alert (job, at desc);
create index alert_newest on windlass.alert (at);

-- A job's deadline, and up to when its deadlines have been looked at.
alter table windlass.job
    add column deadline text,
    add column deadline_from timestamptz;
create index job_deadline on windlass.job (name) where deadline is not null and retired_at is null;

-- What each daemon found when it last looked at all that jobs need.
create table windlass.finding (
    daemon uuid not null references windlass.daemon,
    place integer not null,                         -- as they are shown
    subject text not null,
    what text not null,
    verdict text not null check (verdict in ('ok', 'warning', 'problem', 'unreachable')),
    seen text not null,
    hint text,
    mend text,                                      -- SQL or a command, ready to paste
    at timestamptz not null default now(),
    primary key (daemon, place)
);
