-- Holds the runs of a daemon until the transaction ends, in the order of their ids. Uses run_owned.
select id
from windlass.run
where owner = $1
order by id
for no key update
