-- The daemon's own database, where it keeps runs, due times and locks: as a superuser, once. The password is set by
-- \password windlass in psql, so that it stands in no log.
create role windlass login;
create database windlass owner windlass;
-- Whoever can write there can make Windlass run anything: it belongs to the daemon alone.
revoke connect, temporary on database windlass from public;
