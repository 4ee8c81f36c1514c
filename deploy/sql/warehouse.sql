-- On a server that is written to, in the database that is written to: as a superuser, once.
create role windlass_writer login;
create schema if not exists staging;
create schema if not exists mart;
-- To make tables, and to put new ones in the places of old ones. A table that another role owns is replaced only if
-- windlass_writer is a member of that role:  grant OWNER to windlass_writer;
grant usage, create on schema staging, mart to windlass_writer;
-- To see the parallel workers of others, so that free slots are waited for and a shortage is explained (parallel_ctas).
grant pg_read_all_stats to windlass_writer;
-- A role of its own for the batch may have more parallel workers than everybody else: see PARALLEL.md.
--   alter role windlass_writer set max_parallel_workers = 12;
-- Only if sessions of other roles are to be ended, after the connection's user was changed in the middle of a run:
--   grant pg_signal_backend to windlass_writer;
