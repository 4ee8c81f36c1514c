-- Alerts were told ($2), all of them by one ($1), by the daemon that had taken them.
update windlass.alert
set state = case when id = $1 then 'delivered' else 'folded' end,
    folded_into = case when id <> $1 then $1 end,
    settled_at = clock_timestamp(), claimed_by = null, error = null
where id = any ($2::uuid[]) and state = 'pending' and claimed_by = $3
