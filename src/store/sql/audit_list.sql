-- What people and tokens did, newest first. Uses audit's primary key.
select id, at, actor, via, action, job, run, detail
from windlass.audit
where id < coalesce($1::bigint, 9223372036854775807)
  and ($2::text is null or job = $2)
  and ($3::uuid is null or run = $3)
order by id desc
limit $4
