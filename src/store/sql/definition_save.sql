-- Keeps a definition. Uses definition's primary key.
insert into windlass.definition (hash, job, source, resolved, base)
values ($1, $2, $3, $4, $5)
on conflict (hash) do nothing
