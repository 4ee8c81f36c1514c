-- What a key was used for. Uses idempotency's primary key.
select request, run from windlass.idempotency where actor = $1 and key = $2
