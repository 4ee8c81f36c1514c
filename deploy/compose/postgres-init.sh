#!/bin/sh
# Makes the daemon's user and databases, once, when PostgreSQL starts for the first time.
set -e

psql -v ON_ERROR_STOP=1 -U postgres -v password="$(cat /run/secrets/windlass-password)" <<'SQL'
create role windlass login password :'password';
-- To see everybody's parallel workers, so that free slots can be waited for.
grant pg_read_all_stats to windlass;
create database windlass owner windlass;
create database warehouse owner windlass;
SQL
