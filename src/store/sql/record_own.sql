-- Holds runs that are this daemon's until the transaction ends. In the order of their ids: who holds several does so
-- everywhere, so that two can't wait for each other. Uses run's primary key. The condition on the owner is none that an index
-- has, here and in what follows: or all that this daemon had lately would be read for a few of its runs.
select id, clock_timestamp() as now
from windlass.run
where id = any ($2::uuid[]) and owner is not distinct from $1
order by id
for no key update
