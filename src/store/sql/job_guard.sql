-- Guards a job's runs against each other until the transaction ends. The seed keeps these keys apart from those of locks.
select pg_advisory_xact_lock(hashtextextended($1, 2))
