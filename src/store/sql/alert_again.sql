-- Alerts are to be tried again after a while; $4: tries that don't count, $5: what the receiver said, $6: who has them
-- already.
update windlass.alert
set claimed_by = null, next_try = clock_timestamp() + make_interval(secs => $3), tries = tries - $4,
    error = coalesce($5, error), told = $6
where id = any ($1::uuid[]) and state = 'pending' and claimed_by = $2
