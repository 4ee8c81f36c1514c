-- Adds to what an entry says. Uses audit's primary key.
update windlass.audit set detail = detail || $2 where id = $1
