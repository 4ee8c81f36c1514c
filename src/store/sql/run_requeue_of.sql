-- Gives back the runs of a daemon that is gone; runs meant for it alone are anybody's now. Uses run_owned.
update windlass.run
set state = case when state = 'running' then 'queued' else state end, owner = null, private_to = null
where (owner = $1 or private_to = $1) and state in ('queued', 'waiting', 'running')
