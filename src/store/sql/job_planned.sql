-- Notes up to when jobs' due times are in the ledger, and the first one that isn't.
update windlass.job
set planned_through = planned.through, next_due = planned.next
from unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) as planned (name, through, next)
where job.name = planned.name
