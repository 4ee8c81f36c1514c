-- The ledger at full strength: when each job is due next, files that can't be read now, runs for due times of the past.
-- Nothing here depends on how many rows there are.

alter table windlass.job
    add column next_due timestamptz,                -- the first due time that isn't in the ledger; null: not known yet
    add column broken_at timestamptz,               -- since when its file can't be read; the last good version is run
    add column problem text;                        -- what is wrong with the file

-- Runs of a backfill: they wait for each other, and let all other runs of the job go first.
alter table windlass.run add column in_order boolean not null default false;

-- Every row that is there satisfies the narrower check that goes, so none has to be read again.
alter table windlass.run drop constraint run_trigger_check;
alter table windlass.run add constraint run_trigger_check
    check (trigger in ('schedule', 'manual', 'step', 'backfill')) not valid;
