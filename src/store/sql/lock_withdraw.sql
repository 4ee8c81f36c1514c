-- A holder leaves the queues that it is in.
delete from windlass.lock_request
where run = $1 and step = $2
