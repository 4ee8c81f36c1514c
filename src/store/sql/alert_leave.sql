-- Alerts are told no more: given up, or nobody is to be told.
update windlass.alert
set state = $3, settled_at = clock_timestamp(), claimed_by = null, error = coalesce($4, error)
where id = any ($1::uuid[]) and state = 'pending' and claimed_by = $2
