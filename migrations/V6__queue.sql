-- A long queue costs no more than a short one: runs that wait are called when they may go on, and only runs that were
-- called or have just come are looked at.
drop index windlass.run_open;
create index run_queued on windlass.run (queued_at, id) where state = 'queued';
-- A job's runs that haven't ended, by state and in their order: those of a backfill come last.
create index run_unended on windlass.run (job, state, in_order, queued_at, id) where state in ('queued', 'waiting', 'running');
