-- A run that was cancelled before it started leaves the queues.
delete from windlass.lock_request
where run = $1 and exists (select from windlass.run where run.id = $1 and run.state = 'cancelled')
