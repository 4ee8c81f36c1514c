-- Removes what a daemon found the last time, and what daemons found that are gone. Uses finding's primary key.
delete from windlass.finding
where daemon = $1 or daemon in (select id from windlass.daemon where ended_at is not null)
