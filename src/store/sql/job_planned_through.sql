-- Notes up to when a job's due times are in the ledger.
update windlass.job
set planned_through = $2
where name = $1
