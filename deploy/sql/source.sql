-- On a server that is only read, in the database that is read: as a superuser, once for each schema.
create role windlass_reader login;
grant usage on schema public to windlass_reader;
grant select on all tables in schema public to windlass_reader;
-- Tables that are made later, by whoever makes them: add `for role NAME` for other owners than you.
alter default privileges in schema public grant select on tables to windlass_reader;
-- So that a copy doesn't wait for ever behind an idle session of somebody else.
alter role windlass_reader set lock_timeout = '1min';
