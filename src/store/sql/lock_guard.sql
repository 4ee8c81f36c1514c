-- Guards a lock's queue until the transaction ends. The seed keeps these keys apart from those of jobs.
select pg_advisory_xact_lock(hashtextextended($1, 1))
