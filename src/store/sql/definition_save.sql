-- Keeps definitions. Uses definition's primary key.
insert into windlass.definition (hash, job, source, resolved, base)
select * from unnest($1::text[], $2::text[], $3::text[], $4::jsonb[], $5::text[])
on conflict (hash) do nothing
