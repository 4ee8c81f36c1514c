-- Forgets keys that are older than a day, some at a time. Uses idempotency_age.
delete from windlass.idempotency
where (actor, key) in (
    select actor, key from windlass.idempotency
    where created_at < now() - interval '24 hours'
    order by created_at
    limit 100
    for update skip locked
)
