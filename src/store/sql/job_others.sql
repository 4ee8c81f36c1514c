-- Holds the jobs that are not among these until the transaction ends.
select name
from windlass.job
where retired_at is null and name <> all ($1::text[])
order by name
for update
