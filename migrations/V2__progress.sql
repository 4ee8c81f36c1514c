-- How far a running attempt is, as it last said: rows, bytes, rate, time left. Rewritten every few seconds, so it stands
-- in no index.
alter table windlass.attempt add column progress jsonb;
