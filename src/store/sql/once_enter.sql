-- Enters a key, unless it is known; waits for somebody who enters the same one now. Uses idempotency's primary key.
insert into windlass.idempotency (actor, key, request, run)
values ($1, $2, $3, $4)
on conflict (actor, key) do nothing
