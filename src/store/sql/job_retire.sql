-- Retires jobs. Uses job's primary key.
update windlass.job
set retired_at = now(), broken_at = null, problem = null
where name = any ($1::text[])
