-- Retires the jobs that are not among the names.
update windlass.job
set retired_at = now()
where retired_at is null and name <> all ($1::text[])
