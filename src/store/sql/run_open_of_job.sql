-- Jobs among these with a run that hasn't ended. Runs of a backfill that wait for their turn don't count. Uses run_unended
-- and run_owned.
select job from windlass.run
where job = any ($1::text[]) and state in ('queued', 'waiting') and not in_order
union
select job from windlass.run
where job = any ($1::text[]) and owner is not null
