-- Since when a run waits.
alter table windlass.run add column waiting_since timestamptz;
-- A lock's queue in order: who is first is found without reading those behind.
create index lock_queue on windlass.lock_request (name, id);
