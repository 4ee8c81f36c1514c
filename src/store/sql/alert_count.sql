-- How many alerts are still to be told. Uses alert_pending.
select count(*) from windlass.alert where state = 'pending'
