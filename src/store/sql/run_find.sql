-- Runs whose id lies in a range, newest first. Uses run's primary key.
select id
from windlass.run
where id between $1 and $2
order by id desc
limit $3
