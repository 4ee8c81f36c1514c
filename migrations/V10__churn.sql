-- Much work leaves many dead rows. The tables through which all of it goes are vacuumed when a fiftieth of them is dead, not
-- a fifth, so that the heads of their indexes stay short however many runs are kept.
alter table windlass.run set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
alter table windlass.attempt set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
alter table windlass.firing set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
alter table windlass.lock_grant set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
alter table windlass.lock_request set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);

-- A run's places in queues are found without reading everybody's. The table holds only who waits now, so it is small.
create index lock_request_of_run on windlass.lock_request (run);
