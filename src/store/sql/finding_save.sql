-- Notes what a daemon has found.
insert into windlass.finding (daemon, place, subject, what, verdict, seen, hint, mend)
select $1, found.*
from unnest($2::integer[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[]) as found
