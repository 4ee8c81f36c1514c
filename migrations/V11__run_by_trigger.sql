-- Runs that no schedule made, newest first: among a million others a handful would only be found by reading them all.
create index run_by_trigger on windlass.run (trigger, created_at desc, id desc) where trigger <> 'schedule';
