-- Guards the decision that a circle is closed, so that of those who wait for each other one gives way and not all. Taken
-- after the guards of queues. The seed keeps this key apart from theirs.
select pg_advisory_xact_lock(hashtextextended('circle', 2))
