-- Who started, cancelled or retried a run: its page says so, for as long as it is looked at.
create index audit_of_run on windlass.audit (run, id) where run is not null;
