-- Runs, newest first. Uses run_newest, run_of_job or the primary key.
select run.*, definition.resolved
from windlass.run
join windlass.definition on definition.hash = run.definition
where ($1::text is null or run.job = $1)
  and (cardinality($2::text[]) = 0 or run.state = any ($2))
  and ($3::timestamptz is null or run.created_at >= $3)
  and (cardinality($4::uuid[]) = 0 or run.id = any ($4))
order by run.created_at desc, run.id desc
limit $5
