-- A run of the same job that comes before this one: running, or ahead in line. Uses run_unended.
(select other.id
 from windlass.run as other
 where other.job = $1 and other.state = 'running' and other.id <> $2
 order by other.queued_at, other.id
 limit 1)
union all
(select other.id
 from windlass.run as mine
 join lateral (
     (select queued.id, queued.queued_at from windlass.run as queued
      where queued.job = $1 and queued.state = 'queued' and (queued.queued_at, queued.id) < (mine.queued_at, mine.id)
      order by queued.queued_at, queued.id
      limit 1)
     union all
     (select waiting.id, waiting.queued_at from windlass.run as waiting
      where waiting.job = $1 and waiting.state = 'waiting' and (waiting.queued_at, waiting.id) < (mine.queued_at, mine.id)
      order by waiting.queued_at, waiting.id
      limit 1)
 ) as other on true
 where mine.id = $2
 order by other.queued_at, other.id
 limit 1)
limit 1
