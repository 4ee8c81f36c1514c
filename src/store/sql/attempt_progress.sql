-- How far an attempt is, if it still runs under this daemon. Uses attempt's primary key.
update windlass.attempt
set progress = $5
where run = $1 and step = $2 and number = $3 and daemon = $4 and state = 'running'
