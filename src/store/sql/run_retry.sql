-- Queues a finished run again: a new round, at the end of the line.
update windlass.run
set state = 'queued', round = round + 1, from_step = $2, private_to = $3, queued_at = now(), round_started_at = null,
    ended_at = null, cancel_requested_at = null, failure = null
where id = $1 and state in ('failed', 'cancelled')
returning job
