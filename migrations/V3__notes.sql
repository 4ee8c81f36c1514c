-- What a step has made elsewhere and must not leave there, for the attempt that finds it after a crash. A note outlives
-- its run: what was made is still there.
create table windlass.note (
    job text not null,
    step text not null,                             -- its id: a later run may have it at another place
    run uuid not null,
    name text not null,
    value jsonb not null,
    params jsonb not null,                          -- the run's
    at timestamptz not null default now(),
    primary key (job, step, run, name)
);
