-- Holds runs in line until the transaction ends, except those that somebody else is busy with. Uses run's primary key; the
-- condition on the state is as in claim_take_several.
select id, round, from_step, round_started_at, cancel_requested_at is not null as cancelled, false as begun
from windlass.run
where id = any ($1::uuid[]) and state || '' = 'queued'
for no key update skip locked
