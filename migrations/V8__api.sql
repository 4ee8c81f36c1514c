-- What the API needs: by which way somebody acted and on which job or run, and requests that happen once.
alter table windlass.audit
    add column via text not null default 'command' check (via in ('command', 'http')),
    add column job text,
    add column run uuid;

-- Requests with an idempotency key, and the run that each made. They are remembered for a day.
create table windlass.idempotency (
    actor text not null,
    key text not null,
    request text not null,                          -- SHA-256 of what was asked for, hex
    run uuid not null,
    created_at timestamptz not null default now(),
    primary key (actor, key)
);
create index idempotency_age on windlass.idempotency (created_at);
